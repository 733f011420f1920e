import type { ShadowReport } from "@caxton/contracts/shadow";
import { versionNames } from "@caxton/contracts/version-names";

/** One series of a gauge. */
export interface GaugeSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A shadow as its record has it; one that nobody runs any more may have no ending. */
export interface KnownShadow {
  readonly report: ShadowReport;
  readonly isUnderWay: boolean;
}

/** 1 while it compares, 0 afterwards. */
export function comparing(shadows: readonly KnownShadow[]): readonly GaugeSample[] {
  return shadows.map(({ report, isUnderWay }) => ({ labels: labelsOf(report), value: isUnderWay ? 1 : 0 }));
}

/** What became of the live version's outcomes in the shadow; all results add up to those that it came past. */
export function messages(shadows: readonly KnownShadow[]): readonly GaugeSample[] {
  return shadows.flatMap(({ report }) => {
    const { equal, different, failed, missed, notSampled, notHandled } = report.messages;
    const results = { equal, different, failed, missed, not_sampled: notSampled, not_handled: notHandled };
    return Object.entries(results).map(([result, value]) => ({ labels: { ...labelsOf(report), result }, value }));
  });
}

/** Outcomes that it has not come to, of those under way. */
export function behindOutcomes(shadows: readonly KnownShadow[]): readonly GaugeSample[] {
  return underWay(shadows, ({ behind }) => behind.outcomes);
}

/** Age of the outcome that it was at last, and of those under way only. */
export function behindSeconds(shadows: readonly KnownShadow[]): readonly GaugeSample[] {
  return underWay(shadows, ({ behind }) => behind.ms / 1_000);
}

/** How long its runner has said nothing, of those under way. @param nowMs Unix time */
export function reportAges(shadows: readonly KnownShadow[], nowMs: number): readonly GaugeSample[] {
  return underWay(shadows, ({ asOfMs }) => Math.max(0, nowMs - asOfMs) / 1_000);
}

function underWay(shadows: readonly KnownShadow[], valueOf: (report: ShadowReport) => number): readonly GaugeSample[] {
  return shadows.flatMap(({ report, isUnderWay }) =>
    isUnderWay ? [{ labels: labelsOf(report), value: valueOf(report) }] : [],
  );
}

function labelsOf({ agent, version }: ShadowReport): Readonly<Record<string, string>> {
  return { agent, ...versionNames(version) };
}
