import type { Ledger, VersionCount } from "@caxton/contracts/ledger";
import type { Windows } from "@caxton/contracts/windows";
import { instant } from "./deployment.ts";
import { duration, thousands } from "./quantity.ts";
import { fields, table } from "./table.ts";

const reasonShownMax = 80;

/** Where every accepted message is. */
export function ledgerLines(ledger: Ledger): readonly string[] {
  const oldest = ledger.oldestPending === undefined ? "" : ` (oldest: ${ledger.oldestPending})`;
  const codes = Object.entries(ledger.deadLetters).map(([code, count]) => [code, thousands(count)]);
  return [
    ...fields([
      ["Accepted", thousands(ledger.accepted)],
      ["Handled", thousands(ledger.handled)],
      ["Dead-lettered", thousands(ledger.deadLettered)],
      ["Pending", thousands(ledger.pending) + oldest],
      ["As of", instant(ledger.asOfMs)],
    ]),
    ...(ledger.unreadOutcomes > 0
      ? [`${thousands(ledger.unreadOutcomes)} outcomes are not read yet and count as pending`]
      : []),
    ...versionSection(ledger.versions),
    ...failureSection(ledger),
    ...section(codes, ["DEAD LETTER", "MESSAGES"], ["MESSAGES"]),
    ...ledger.faults.map(({ code, message }) => `✗ ${message} (${code})`),
  ];
}

/** How the versions have been doing lately. */
export function windowsLines({ agent, windowMs, versions }: Windows): readonly string[] {
  const rows = versions.map((version) => {
    const { latencyMs } = version;
    const failures = Object.entries(version.failures).map(([code, count]) => `${code} ${count}`);
    return [
      version.version,
      thousands(version.handled),
      thousands(version.failed),
      `${(version.errorRate * 100).toFixed(2)}%`,
      version.perSecond.toFixed(1),
      ...(latencyMs === undefined ? ["-", "-", "-"] : [latencyMs.p50, latencyMs.p99, latencyMs.max].map(duration)),
      failures.join(", "),
    ];
  });
  if (rows.length === 0) return [`No version of ${agent} had a message in the last ${duration(windowMs)}.`];
  const counts = ["HANDLED", "FAILED", "ERROR RATE", "PER SECOND", "P50", "P99", "MAX"];
  return [`The last ${duration(windowMs)} of ${agent}:`, ...table(["VERSION", ...counts, "FAILURES"], rows, counts)];
}

/** What canaries came to stands there only where there is something of it. */
function versionSection(versions: readonly VersionCount[]): readonly string[] {
  const hasCanary = versions.some(
    ({ failed = 0, messageAtFault = 0, overflow = 0 }) => failed + messageAtFault + overflow > 0,
  );
  const ofCanaries = hasCanary ? ["FAILED", "FALLBACKS", "AT FAULT", "OVERFLOW"] : [];
  const rows = versions.map((version) => {
    const { failed = 0, fallbacks = 0, messageAtFault = 0, overflow = 0 } = version;
    return [
      version.version,
      thousands(version.handled),
      thousands(version.deadLettered),
      ...(hasCanary ? [failed, fallbacks, messageAtFault, overflow].map(thousands) : []),
      instant(version.firstAtMs),
      instant(version.lastAtMs),
    ];
  });
  const counts = ["HANDLED", "DEAD-LETTERED", ...ofCanaries];
  return section(rows, ["VERSION", ...counts, "FIRST", "LAST"], counts);
}

/** Why versions failed on messages, and which to look at. */
function failureSection({ agent, versions }: Ledger): readonly string[] {
  const rows = versions.flatMap(({ version, failures = [] }) =>
    failures.map(({ code, reason, count, sequences }) => [
      version,
      code,
      thousands(count),
      sequences.join(", "),
      reason.replaceAll(/\s+/g, " ").slice(0, reasonShownMax),
    ]),
  );
  const heads = ["VERSION", "FAILED WITH", "MESSAGES", "FOR EXAMPLE", "REASON"];
  const first = versions.flatMap(({ failures = [] }) => failures)[0]?.sequences[0];
  return [
    ...section(rows, heads, ["MESSAGES"]),
    ...(first === undefined ? [] : [`→ What became of one: caxton message ${agent} ${first}`]),
  ];
}

function section(
  rows: readonly (readonly string[])[],
  heads: readonly string[],
  right: readonly string[],
): readonly string[] {
  return rows.length === 0 ? [] : ["", ...table(heads, rows, right)];
}
