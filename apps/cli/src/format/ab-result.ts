import type { AbReport } from "@caxton/contracts/gen/caxton/v1/ab_pb.js";
import { percentText } from "./metric.ts";
import type { Style } from "./style.ts";

/** What it comes to, and the commands that follow. */
export function abResultLines(report: AbReport, style: Style): readonly string[] {
  const { difference, recommendation, reason, candidate, state } = report;
  const version = candidate?.version ?? report.deploymentId;
  const found =
    difference === undefined
      ? []
      : [
          `→ Difference: ${signed(difference.observed, report)}, with ${percentText(difference.confidence)} confidence from ${signed(difference.low, report)} to ${signed(difference.high, report)}`,
        ];
  const mark = recommendation === "promote" ? style.good("✓") : recommendation === "rollback" ? style.bad("✗") : "→";
  return [
    ...found,
    `${mark} ${words[recommendation] ?? recommendation}: ${reason}`,
    ...(state === "Deploying" && recommendation !== "wait"
      ? [`→ Decide: caxton promote ${version}, or caxton rollback ${version}`]
      : []),
  ];
}

const words: Readonly<Record<string, string>> = {
  promote: "Promote",
  rollback: "Roll back",
  "no-difference": "No difference shown",
  wait: "Wait",
};

export function isRate({ measure }: AbReport): boolean {
  return measure.startsWith("rate ");
}

export function valueText(value: number, report: AbReport): string {
  return isRate(report) ? percentText(value) : number(value);
}

/** Of rates in points of percent. */
function signed(value: number, report: AbReport): string {
  const text = valueText(value, report);
  return value > 0 ? `+${text}` : text;
}

export function number(value: number): string {
  return String(Number(value.toPrecision(4)));
}
