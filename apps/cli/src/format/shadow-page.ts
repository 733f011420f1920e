import type { Estimate, ShadowReport } from "@caxton/contracts/shadow";
import { instant } from "./deployment.ts";
import { bytes, duration, thousands } from "./quantity.ts";
import { type Bar, barPicture, escaped, intervalPicture } from "./shadow-picture.ts";

const style = `
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1c1c1c; background: #fff }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2rem }
table { border-collapse: collapse } td, th { text-align: left; padding: .2rem .8rem .2rem 0; vertical-align: top }
code { font: 13px ui-monospace, monospace; overflow-wrap: anywhere } .faint { color: #666 } svg { max-width: 100%; height: auto }
@media (prefers-color-scheme: dark) { body { color: #e6e6e6; background: #161616 } .faint { color: #999 } }
`;

/** A report as one page that needs nothing else: no script, no network. */
export function shadowPage(report: ShadowReport): string {
  const title = `Shadow ${report.version} of ${report.agent}`;
  return [
    "<!doctype html>",
    '<html lang="en">',
    `<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title><style>${style}</style></head>`,
    "<body>",
    `<h1>${escaped(title)}</h1>`,
    ...head(report),
    ...equality(report),
    ...differences(report),
    ...failures(report),
    ...costs(report),
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

function head(report: ShadowReport): readonly string[] {
  const { deployment, startedAtMs, endedAtMs, asOfMs, ending, settings, messages, missed } = report;
  const rows: readonly (readonly [string, string])[] = [
    ["Deployment", deployment],
    ["Compared", `${instant(startedAtMs)} to ${instant(endedAtMs ?? asOfMs)}`],
    ["State", ending === undefined ? "comparing" : `ended (${ending.cause}): ${ending.message}`],
    ["Compares", settings.compare.join(", ")],
    ["Sample", `${settings.sample * 100}% of the messages`],
    ["Tolerance", `numbers within ${settings.tolerance} of the larger one`],
    ["Ignored", settings.ignore.join(", ") || "nothing"],
    [
      "Messages",
      `${thousands(messages.read)} read, ${thousands(messages.notSampled)} not sampled, ${thousands(messages.notHandled)} dead-lettered by the live version`,
    ],
    [
      "Missed",
      `${thousands(missed.behind)} cut off, ${thousands(missed.trimmed)} gone from the inbox, ${thousands(missed.unanswered)} unanswered`,
    ],
  ];
  return tableOf([], rows);
}

function equality({
  messages,
  perLive,
  shareEqual,
  self,
  noise,
}: ReportOf<"messages" | "perLive" | "shareEqual" | "self" | "noise">): readonly string[] {
  if (shareEqual === undefined) return ["<p>Nothing was compared yet.</p>"];
  const bars: readonly Bar[] = [
    { name: "equal", value: messages.equal, colour: "#2e7d4f" },
    { name: "different", value: messages.different, colour: "#c0392b" },
    { name: "failed", value: messages.failed, colour: "#8e44ad" },
    { name: "missed", value: messages.missed, colour: "#7f8c8d" },
  ];
  const rows = perLive.map((one) => [
    one.version,
    ...[one.compared, one.equal, one.different, one.failed].map(thousands),
  ]);
  return [
    `<h2>${share(shareEqual)} of ${thousands(messages.compared)} messages have equal outputs</h2>`,
    barPicture(bars),
    ...tableOf(["Live version", "Compared", "Equal", "Different", "Failed"], rows),
    `<p class="faint">The live version handled ${thousands(self.runs)} of the messages once more and differed from itself in ${thousands(self.differed)}.${
      noise.length === 0
        ? ""
        : ` Not counted as differences: ${noise.map(({ group }) => `<code>${escaped(group)}</code>`).join(", ")}.`
    }</p>`,
  ];
}

function differences({ differences: found }: ReportOf<"differences">): readonly string[] {
  if (found.length === 0) return [];
  const bars = found
    .slice(0, 20)
    .map(({ group, messages }): Bar => ({ name: group, value: messages, colour: "#c0392b" }));
  const rows = found.flatMap(({ group, messages, share: of, samples }) => [
    [`<code>${escaped(group)}</code>`, `${thousands(messages)}, ${share(of)}`, "", ""],
    ...samples.map(({ messageId, live, shadow }) => ["", code(messageId), code(live), code(shadow)]),
  ]);
  return ["<h2>Differences</h2>", barPicture(bars), ...rawTable(["Where", "Messages", "Live", "Shadow"], rows)];
}

function failures({ failures: found }: ReportOf<"failures">): readonly string[] {
  if (found.length === 0) return [];
  const rows = found.map(({ code: why, messages, reason, messageIds }) => [
    code(why),
    thousands(messages),
    escaped(reason),
    code(messageIds.join(", ")),
  ]);
  return [
    "<h2>Messages that the shadow failed on</h2>",
    ...rawTable(["Code", "Messages", "Reason", "Message ids"], rows),
  ];
}

function costs({ latencyMs, cpuMs, memoryBytes }: ReportOf<"latencyMs" | "cpuMs" | "memoryBytes">): readonly string[] {
  const side = (live: Estimate | undefined, shadow: Estimate | undefined) => [
    ...(live === undefined ? [] : [{ name: "live", ...live }]),
    ...(shadow === undefined ? [] : [{ name: "shadow", ...shadow }]),
  ];
  const parts = [
    ...(["p50", "p90", "p99"] as const).map((name) => ({
      title: `${name} of the time a message takes`,
      estimates: side(latencyMs.live?.[name], latencyMs.shadow?.[name]),
      text: duration,
    })),
    {
      title: "Processor time a message",
      estimates: side(cpuMs.live?.perMessage, cpuMs.shadow?.perMessage),
      text: duration,
    },
    {
      title: "Memory of an instance",
      estimates: side(memoryBytes.live?.mean, memoryBytes.shadow?.mean),
      text: (value: number) => bytes(Math.round(value)),
    },
  ].filter(({ estimates }) => estimates.length > 0);
  if (parts.length === 0) return [];
  return [
    "<h2>What both take</h2>",
    '<p class="faint">With 95 % intervals: of quantiles by order statistics, of means by the normal approximation.</p>',
    ...parts.flatMap(({ title, estimates, text }) => [`<h3>${title}</h3>`, intervalPicture(estimates, text)]),
  ];
}

type ReportOf<Part extends keyof ShadowReport> = Pick<ShadowReport, Part>;

function tableOf(heads: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  return rawTable(
    heads,
    rows.map((row) => row.map(escaped)),
  );
}

/** @param rows of HTML */
function rawTable(heads: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const cells = (tag: "td" | "th", row: readonly string[]): string =>
    `<tr>${row.map((cell) => `<${tag}>${cell}</${tag}>`).join("")}</tr>`;
  return [
    "<table>",
    ...(heads.length === 0 ? [] : [cells("th", heads)]),
    ...rows.map((row) => cells("td", row)),
    "</table>",
  ];
}

function share({ value, low, high }: Estimate): string {
  const percent = (part: number): string => `${Number((part * 100).toFixed(2))}%`;
  return `${percent(value)} (${percent(low)} to ${percent(high)})`;
}

function code(text: string): string {
  return text === "" ? '<span class="faint">nothing</span>' : `<code>${escaped(text)}</code>`;
}
