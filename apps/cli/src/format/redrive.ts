import type { Redrivable, RedrivableSummary, RedriveProgress } from "@caxton/contracts/gen/caxton/v1/redrive_pb.js";
import { unixMs } from "../wire-json.ts";
import { instant } from "./deployment.ts";
import { thousands } from "./quantity.ts";
import type { Style } from "./style.ts";

const widths = { sequence: 10, result: 15, becomes: 9 };
/** Of a list that is printed as it comes: columns as wide as what is usual in them. */
export const redrivableHead = `${"SEQUENCE".padStart(widths.sequence)}  ${"RESULT".padEnd(widths.result)}  ${"BECOMES".padEnd(widths.becomes)}  DECIDED                   SAID`;

export function redrivableLine({ sequence, result, becomes, decidedAt, code, outputs }: Redrivable): string {
  const said = outputs.map(({ kind, to }) => (to === "" ? kind : `${kind} to ${to}`)).join(", ");
  const columns = [
    String(sequence).padStart(widths.sequence),
    (code === "" ? result : code).padEnd(widths.result),
    becomes.padEnd(widths.becomes),
    instant(unixMs(decidedAt)).padEnd(24),
    said === "" ? "nothing" : said,
  ];
  return columns.join("  ");
}

/** @param limit what was asked for at most */
export function summaryLines(summary: RedrivableSummary, style: Style, limit: number = Infinity): readonly string[] {
  const { version, restoredVersion, handled, deadLettered, outputs, due, redriven, gone, missing } = summary;
  const because = summary.rollbackReason === "" ? "" : `: ${summary.rollbackReason}`;
  const when = summary.rolledBackAt === undefined ? "" : ` at ${instant(unixMs(summary.rolledBackAt))}`;
  return [
    style.strong(`${version} was rolled back${when}${because}`),
    `→ ${thousands(handled)} messages handled, ${thousands(deadLettered)} failed; it had sent ${thousands(outputs)} outputs, which stay sent`,
    ...(summary.going === 0 ? [] : [`→ Redrive ${summary.going} is under way`]),
    ...(redriven === 0 ? [] : [`→ ${thousands(redriven)} of the messages were sent again before`]),
    ...(gone === 0 ? [] : [`→ ${thousands(gone)} are gone from the inbox and cannot be handled again`]),
    ...(missing === undefined || missing === 0
      ? []
      : [`→ ${thousands(missing)} more are missing: their outcomes are trimmed already`]),
    ...(due === 0
      ? []
      : [
          `→ ${thousands(due)} would be handled again${restoredVersion === "" ? "" : ` by ${restoredVersion}`}${due > limit ? `, ${thousands(limit)} of them now` : ""}`,
        ]),
  ];
}

export function progressLine({ redriven, waiting }: RedriveProgress, due: number): string {
  const wait = waiting === "" ? "" : `; ${waiting}`;
  return `Sending again, ${thousands(redriven)} of ${thousands(due)}${wait}`;
}

export function endLines(
  { state, number, redriven, already, gone, unknown, unfit }: RedriveProgress,
  { agent, version }: RedrivableSummary,
  style: Style,
): readonly string[] {
  const others: readonly (readonly [number, string])[] = [
    [already, "were sent again before"],
    [gone, "are gone from the inbox"],
    [unknown, "may have been sent when it was cut off, and were not sent twice"],
    [unfit, "are larger than the inbox takes"],
  ];
  const mark = state === "finished" ? style.good("✓") : style.bad("✗");
  const stopped = state === "stopped" ? `; redrive ${number} was stopped, the same command goes on from there` : "";
  return [
    `${mark} ${thousands(redriven)} sent again${stopped}`,
    ...others.filter(([count]) => count > 0).map(([count, what]) => `→ ${thousands(count)} ${what}`),
    `→ What became of them: caxton ledger ${agent}, caxton history ${agent}`,
    ...(state === "stopped" ? [`→ Go on: caxton redrive ${version}`] : []),
  ];
}
