import type { Estimate, ShadowReport } from "@caxton/contracts/shadow";
import { instant } from "./deployment.ts";
import { percentText } from "./metric.ts";
import { bytes, duration, inWords, thousands } from "./quantity.ts";
import type { Style } from "./style.ts";
import { fields, table } from "./table.ts";

const shownGroups = 20;
const shownSamples = 2;

/** What a shadow found, for a terminal. */
export function shadowLines(report: ShadowReport, style: Style): readonly string[] {
  return [
    style.strong(`${report.version} beside ${report.agent}: shadow, ${stateText(report)}`),
    ...fields(headFields(report)),
    "",
    ...equalLines(report, style),
    ...differenceLines(report),
    ...failureLines(report, style),
    ...noiseLines(report),
    ...costLines(report),
  ];
}

function stateText({ state, ending, asOfMs, endsAtMs }: ShadowReport): string {
  if (state === "comparing")
    return `comparing for another ${inWords(Math.max(1_000, Math.ceil((endsAtMs - asOfMs) / 1_000) * 1_000))}`;
  return ending === undefined ? "ended" : `ended (${ending.cause})`;
}

function headFields(report: ShadowReport): readonly (readonly [string, string])[] {
  const { deployment, startedAtMs, endedAtMs, ending, settings, messages, instances, behind, missed } = report;
  const ignored = settings.ignore.length === 0 ? "" : `; ignored: ${settings.ignore.join(", ")}`;
  const { read, notSampled, notHandled } = messages;
  const left = [
    ...(notSampled === 0 ? [] : [`${thousands(notSampled)} not sampled`]),
    ...(notHandled === 0 ? [] : [`${thousands(notHandled)} dead-lettered by the live version`]),
  ];
  const trouble = instances.trouble === undefined ? "" : `: ${instances.trouble}`;
  return [
    ["Deployment", deployment],
    ["Compared", `${instant(startedAtMs)} to ${endedAtMs === undefined ? "now" : instant(endedAtMs)}`],
    ...(ending === undefined ? [] : [["Ended", ending.message] as const]),
    ["Compares", `${settings.compare.join(", ")} on ${percentText(settings.sample)} of the messages`],
    ["Numbers", `the same within ${settings.tolerance} of the larger one${ignored}`],
    ["Messages", `${thousands(read)} read${left.length === 0 ? "" : ` (${left.join(", ")})`}`],
    ...(messages.missed === 0 ? [] : [["Missed", missedText(missed)] as const]),
    ...(behind.outcomes === 0
      ? []
      : [["Behind", `${thousands(behind.outcomes)} messages, ${duration(behind.ms)}`] as const]),
    ...(instances.restarts === 0 && trouble === ""
      ? []
      : [["Instances", `${instances.ready} ready, started again ${instances.restarts} times${trouble}`] as const]),
  ];
}

function missedText({ trimmed, behind, unanswered }: ShadowReport["missed"]): string {
  return [
    ...(behind === 0 ? [] : [`${thousands(behind)} when it was cut off`]),
    ...(trimmed === 0 ? [] : [`${thousands(trimmed)} that the inbox had no more`]),
    ...(unanswered === 0 ? [] : [`${thousands(unanswered)} that no instance of it answered`]),
  ].join(", ");
}

function equalLines({ shareEqual, messages, perLive, settings }: ShadowReport, style: Style): readonly string[] {
  if (!settings.compare.includes("output_equivalence"))
    return [`Outputs were not compared (${thousands(messages.compared)} messages)`];
  if (shareEqual === undefined) return ["Nothing was compared yet"];
  const mark = messages.different === 0 ? style.good("✓") : style.bad("✗");
  const line = `${mark} ${shareText(shareEqual)} of ${thousands(messages.compared)} messages have equal outputs (${thousands(messages.different)} differ)`;
  if (perLive.length < 2) return [line];
  const rows = perLive.map((one) => [
    one.version,
    ...[one.compared, one.equal, one.different, one.failed].map(thousands),
  ]);
  const numbers = ["COMPARED", "EQUAL", "DIFFERENT", "FAILED"];
  return [line, "", ...table(["LIVE VERSION", ...numbers], rows, numbers)];
}

function differenceLines({ differences }: ShadowReport): readonly string[] {
  if (differences.length === 0) return [];
  const shown = differences.slice(0, shownGroups);
  const more = differences.length - shown.length;
  return [
    "",
    "Differences, by where they are:",
    ...shown.flatMap(({ group, messages, share, samples }) => [
      `  ${group}  ${thousands(messages)} messages, ${shareText(share)}`,
      ...samples
        .slice(0, shownSamples)
        .map(({ messageId, live, shadow }) => `      ${messageId}: ${live || "nothing"} → ${shadow || "nothing"}`),
    ]),
    ...(more === 0 ? [] : [`  and ${more} more places (--json has all)`]),
  ];
}

function failureLines({ failures, messages }: ShadowReport, style: Style): readonly string[] {
  if (failures.length === 0) return [];
  return [
    "",
    `${style.bad("✗")} The shadow failed on ${thousands(messages.failed)} messages that the live version handled:`,
    ...failures.flatMap(({ code, messages: count, reason, messageIds }) => [
      `  ${code}  ${thousands(count)} messages: ${reason}`,
      `      ${messageIds.join(", ")}`,
    ]),
  ];
}

function noiseLines({ noise, self }: ShadowReport): readonly string[] {
  if (self.runs === 0) return [];
  const known = `The live version handled ${thousands(self.runs)} of the messages once more`;
  if (noise.length === 0) return ["", `${known} and did the same each time`];
  return [
    "",
    `${known}; it differs from itself in ${noise.map(({ group }) => group).join(", ")}: not counted as differences`,
  ];
}

function costLines({ latencyMs, cpuMs, memoryBytes }: ShadowReport): readonly string[] {
  const row = (
    what: string,
    of: { live?: Estimate | undefined; shadow?: Estimate | undefined },
    text: (value: number) => string,
  ) =>
    of.live === undefined && of.shadow === undefined
      ? []
      : [[what, estimateText(of.live, text), estimateText(of.shadow, text)]];
  const rows = [
    ...(["p50", "p90", "p99"] as const).flatMap((name) =>
      row(`${name} latency`, { live: latencyMs.live?.[name], shadow: latencyMs.shadow?.[name] }, duration),
    ),
    ...row("CPU a message", { live: cpuMs.live?.perMessage, shadow: cpuMs.shadow?.perMessage }, duration),
    ...row("memory", { live: memoryBytes.live?.mean, shadow: memoryBytes.shadow?.mean }, (value) =>
      bytes(Math.round(value)),
    ),
  ];
  if (rows.length === 0) return [];
  const { slower } = latencyMs;
  const paired =
    slower === undefined
      ? []
      : [
          `On the same message the shadow takes ${signed(slower.value)} (${signed(slower.low)} to ${signed(slower.high)}) compared with the live version, at the median`,
        ];
  return ["", ...table(["", "LIVE", "SHADOW"], rows), ...paired, "In brackets: 95 % intervals"];
}

function estimateText(estimate: Estimate | undefined, text: (value: number) => string): string {
  return estimate === undefined ? "-" : `${text(estimate.value)} (${text(estimate.low)} to ${text(estimate.high)})`;
}

function signed(ms: number): string {
  return `${ms < 0 ? "-" : "+"}${Number(Math.abs(ms).toPrecision(2))} ms`;
}

function shareText({ value, low, high }: Estimate): string {
  const percent = (share: number): string => `${Number((share * 100).toFixed(2))}%`;
  return `${percent(value)} (${percent(low)} to ${percent(high)})`;
}
