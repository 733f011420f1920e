import type { Finding } from "@caxton/contracts/system-status";
import type { Style } from "./style.ts";

const marks = { ok: "✓", warning: "!", problem: "✗" } as const;

/** What a check found, and below it what to do. */
export function findingLines({ check, result, seen, advice, agent }: Finding, style: Style): readonly string[] {
  const mark = result === "ok" ? style.good(marks.ok) : style.bad(marks[result]);
  const about = agent === undefined || agent === "" ? check : `${check} of ${agent}`;
  return [`${mark} ${style.strong(about)}: ${seen}`, ...(advice === "" ? [] : [`  → ${advice}`])];
}

/** `1 problem, 2 warnings`; undefined where there is neither. */
export function troubleText(findings: readonly Finding[]): string | undefined {
  const count = (wanted: Finding["result"], word: string): readonly string[] => {
    const found = findings.filter(({ result }) => result === wanted).length;
    return found === 0 ? [] : [`${found} ${word}${found === 1 ? "" : "s"}`];
  };
  const parts = [...count("problem", "problem"), ...count("warning", "warning")];
  return parts.length === 0 ? undefined : parts.join(", ");
}
