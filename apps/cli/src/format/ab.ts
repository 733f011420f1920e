import type { AbArm, AbReport } from "@caxton/contracts/gen/caxton/v1/ab_pb.js";
import { unixMs } from "../wire-json.ts";
import { abResultLines, isRate, number, valueText } from "./ab-result.ts";
import { instant } from "./deployment.ts";
import { inWords, thousands } from "./quantity.ts";
import type { Style } from "./style.ts";
import { table } from "./table.ts";

/** The whole report, for whoever asks for it. */
export function abReportLines(report: AbReport, style: Style): readonly string[] {
  const { agent, measure, better, stable, candidate, leftOut, provisional } = report;
  const tookMs = (unixMs(report.endsAt) ?? 0) - (unixMs(report.startedAt) ?? 0);
  const when = provisional
    ? `${style.bad("provisional")}: its time is over at ${instant(unixMs(report.endsAt))}`
    : `over since ${instant(unixMs(report.endsAt))}`;
  const rows = [stable, candidate].filter((arm) => arm !== undefined).map((arm) => armRow(arm, report));
  return [
    style.strong(`A/B test of ${agent}: ${measure}, ${better} is better`),
    `for ${inWords(Math.round(tookMs / 1_000) * 1_000)}, ${when}`,
    "",
    ...table(["VERSION", "MESSAGES", "VALUES", isRate(report) ? "RATE" : "MEAN", "DEVIATION"], rows, [
      "MESSAGES",
      "VALUES",
      "RATE",
      "MEAN",
      "DEVIATION",
    ]),
    ...(leftOut === 0
      ? []
      : [`${thousands(leftOut)} messages are left out: tried more than once, or handled by the other version`]),
    "",
    ...abResultLines(report, style),
  ];
}

function armRow({ version, messages, samples, mean, deviation }: AbArm, report: AbReport): readonly string[] {
  return [
    version,
    thousands(messages),
    thousands(samples),
    mean === undefined ? "-" : valueText(mean, report),
    deviation === undefined ? "-" : number(deviation),
  ];
}
