import type { ShadowReport, ShadowSpec } from "@caxton/contracts/shadow";
import { isMoreOften, meanEstimate, quantileEstimate, ratioEstimate, shareEstimate } from "./intervals.ts";
import { groupsOfSet, type Side, type Tally } from "./tally.ts";

/** How a shadow is at this moment, besides what it has counted. */
export interface Moment {
  readonly nowMs: number;
  readonly ending?: ShadowReport["ending"];
  readonly endedAtMs?: number;
  readonly instances: ShadowReport["instances"];
  readonly behind: ShadowReport["behind"];
}

/** What was counted, with noise taken out and an interval to every number that is an estimate. */
export function reportOf(spec: ShadowSpec, tally: Tally, moment: Moment): ShadowReport {
  const { agent, deployment, version, settings, startedAtMs, endsAtMs } = spec;
  const { nowMs, ending, endedAtMs, instances, behind } = moment;
  const compared = comparedOf(tally);
  const noisy = noiseOf(tally, compared);
  const perLive = Object.entries(tally.perLive).map(([live, { unlike, failed }]) => {
    const all = sum(Object.values(unlike));
    const equal = sum(
      Object.entries(unlike).flatMap(([set, count]) =>
        groupsOfSet(tally, set).every((group) => noisy.has(group)) ? [count] : [],
      ),
    );
    return { version: live, compared: all, equal, different: all - equal, failed };
  });
  const equal = sum(perLive.map((one) => one.equal));
  const { read, notSampled, notHandled, missed, self } = tally;
  const shareEqual = shareEstimate(equal, compared);
  return {
    agent,
    deployment,
    version,
    state: ending === undefined ? "comparing" : "ended",
    startedAtMs,
    endsAtMs,
    ...(endedAtMs === undefined ? {} : { endedAtMs }),
    asOfMs: nowMs,
    ...(ending === undefined ? {} : { ending }),
    settings,
    messages: {
      read,
      notSampled,
      notHandled,
      compared,
      equal,
      different: compared - equal,
      failed: sum(perLive.map(({ failed }) => failed)),
      missed: missed.trimmed + missed.behind + missed.unanswered,
    },
    ...(shareEqual === undefined ? {} : { shareEqual }),
    perLive,
    differences: differencesOf(tally, compared, noisy),
    noise: [...noisy].map((group) => {
      const { messages = 0, selfDiffered = 0 } = tally.groups[group] ?? {};
      return { group, messages, selfDiffered };
    }),
    self: { ...self },
    failures: Object.entries(tally.failures)
      .map(([code, failure]) => ({ code, ...failure }))
      .toSorted((a, b) => b.messages - a.messages),
    missed: { ...missed },
    latencyMs: latencyOf(tally),
    cpuMs: { ...cpuOf(tally, "live"), ...cpuOf(tally, "shadow") },
    memoryBytes: { ...memoryOf(tally, "live"), ...memoryOf(tally, "shadow") },
    instances,
    behind,
  };
}

export function comparedOf(tally: Tally): number {
  return sum(Object.values(tally.perLive).flatMap(({ unlike }) => Object.values(unlike)));
}

/**
 * Groups in which the live version differs from itself, unless the shadow differs there more often than that explains: then
 * it is a difference that has noise on it.
 */
export function noiseOf(tally: Tally, compared: number): ReadonlySet<string> {
  const noisy = Object.entries(tally.groups).filter(([, { messages, selfRuns, selfDiffered }]) => {
    if (selfDiffered === 0) return false;
    return !isMoreOften(shareEstimate(messages, compared), shareEstimate(selfDiffered, selfRuns));
  });
  return new Set(noisy.map(([group]) => group));
}

function differencesOf(tally: Tally, compared: number, noisy: ReadonlySet<string>): ShadowReport["differences"] {
  return Object.entries(tally.groups)
    .flatMap(([group, { messages, samples }]) => {
      const share = shareEstimate(messages, compared);
      return messages === 0 || share === undefined || noisy.has(group) ? [] : [{ group, messages, share, samples }];
    })
    .toSorted((a, b) => b.messages - a.messages);
}

function latencyOf({ latencies }: Tally): ShadowReport["latencyMs"] {
  const slower = quantileEstimate(
    latencies.live.map((ms, index) => (latencies.shadow[index] ?? ms) - ms).toSorted(ascending),
    0.5,
  );
  const [live, shadow] = [quantilesOf(latencies.live), quantilesOf(latencies.shadow)];
  return {
    pairs: latencies.seen,
    ...(live === undefined ? {} : { live }),
    ...(shadow === undefined ? {} : { shadow }),
    ...(slower === undefined ? {} : { slower }),
  };
}

function quantilesOf(samples: readonly number[]): ShadowReport["latencyMs"]["live"] {
  const sorted = samples.toSorted(ascending);
  const [p50, p90, p99] = [0.5, 0.9, 0.99].map((share) => quantileEstimate(sorted, share));
  return p50 === undefined || p90 === undefined || p99 === undefined ? undefined : { p50, p90, p99 };
}

function cpuOf(tally: Tally, side: Side): ShadowReport["cpuMs"] {
  const spans = tally.cpuMs[side];
  const perMessage = ratioEstimate(spans);
  return perMessage === undefined ? {} : { [side]: { perMessage, spans: spans.length } };
}

function memoryOf(tally: Tally, side: Side): ShadowReport["memoryBytes"] {
  const { samples, max } = tally.memoryBytes[side];
  const mean = meanEstimate(samples);
  return mean === undefined ? {} : { [side]: { mean, max, samples: samples.length } };
}

function ascending(a: number, b: number): number {
  return a - b;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
