import { faultText, type Problem } from "@caxton/deployment-file/problem";
import type { Style } from "./style.ts";

/** `✗ deployment.yaml:12:3  'eror_rate' is no metric: …`, each with its line and a mark where it stands. */
export function problemLines(
  name: string,
  text: string,
  problems: readonly Problem[],
  style: Style,
): readonly string[] {
  const lines = text.split(/\r?\n/);
  return problems.flatMap((problem) => {
    const { line, column, severity } = problem;
    const mark = severity === "error" ? style.bad("✗") : "!";
    const source = lines[line - 1] ?? "";
    const said = `${mark} ${name}:${line}:${column}  ${severity === "warning" ? "warning: " : ""}${faultText(problem)}`;
    return source.trim() === ""
      ? [said]
      : [said, style.faint(`    ${source}`), style.faint(`    ${" ".repeat(column - 1)}^`)];
  });
}

export function problemValue({ name, problems }: { readonly name: string; readonly problems: readonly Problem[] }) {
  return { file: name, ok: problems.every(({ severity }) => severity !== "error"), problems };
}
