import { type LatencyPoint, latencyAt } from "./latency.ts";
import type { Side } from "./side.ts";
import { summarize, type Summary } from "./statistics.ts";

/** The share of saturation that has a bound: measured in as many rounds as are asked for, the others once. */
export const boundShare = 0.3;
const loadShares = [0.1, boundShare, 0.5, 0.7, 0.9];
/** V8 still compiled what is hot after 10,000 messages, beside the path on the same two cores; services run for weeks. */
const warmUp = { share: 0.5, times: 3 };

export interface LoadedSide {
  readonly start: () => Promise<Side>;
  readonly saturationPerSecond: number;
}

/** The medians of its rounds. */
export interface LoadPoint extends LatencyPoint {
  readonly share: number;
  readonly p99: Summary;
}

export interface LoadExtent {
  /** Of one round. */
  readonly durationMs: number;
  readonly rounds: number;
}

/** Each side's latency under more and more load of its own saturation, in turn, so that what else the machine did touches all. */
export async function loadCurves(
  sides: readonly LoadedSide[],
  { durationMs, rounds }: LoadExtent,
): Promise<readonly (readonly LoadPoint[])[]> {
  await using started = new AsyncDisposableStack();
  const ways: LoadedWay[] = [];
  for (const { start, saturationPerSecond } of sides) {
    const side = started.use(await start());
    await side.begin();
    ways.push({ points: [], measure: measureOn(side, saturationPerSecond, durationMs) });
  }
  for (const { measure } of ways) await measure(warmUp.share, warmUp.times);
  for (const share of loadShares) {
    const found = ways.map((way) => ({ way, rounds: [] as LatencyPoint[] }));
    for (let round = 0; round < (share === boundShare ? rounds : 1); round += 1) {
      const inTurn = round % 2 === 0 ? found : found.toReversed();
      for (const one of inTurn) one.rounds.push(await one.way.measure(share));
    }
    for (const one of found) one.way.points.push(pointOf(share, one.rounds));
  }
  return ways.map(({ points }) => points);
}

interface LoadedWay {
  readonly points: LoadPoint[];
  /** @param times as long as one round */
  readonly measure: (share: number, times?: number) => Promise<LatencyPoint>;
}

function measureOn(side: Side, saturationPerSecond: number, roundMs: number): LoadedWay["measure"] {
  let firstN = 0;
  return async (share, times = 1) => {
    const load = { perSecond: Math.round(saturationPerSecond * share), durationMs: roundMs * times, firstN };
    const point = await latencyAt(side, load);
    firstN += Math.floor((load.perSecond * load.durationMs) / 1_000);
    return point;
  };
}

function pointOf(share: number, rounds: readonly LatencyPoint[]): LoadPoint {
  const median = (of: (point: LatencyPoint) => number): number => summarize(rounds.map(of)).median;
  const p99 = summarize(rounds.map(({ p99Ms }) => p99Ms));
  return {
    share,
    perSecond: rounds[0]?.perSecond ?? Number.NaN,
    p50Ms: median(({ p50Ms }) => p50Ms),
    p99Ms: p99.median,
    generatorP99Ms: median(({ generatorP99Ms }) => generatorP99Ms),
    p99,
  };
}
