import { writeFile } from "node:fs/promises";
import { type BlueGreenTimes, blueGreenTimes, type First } from "./measure/blue-green.ts";
import { compare, type Comparison } from "./measure/comparison.ts";
import { pairsBesideShadow } from "./measure/beside-shadow.ts";
import { type DeployTimes, deployTimes } from "./measure/deploy-times.ts";
import { pairsWithHangingCanary } from "./measure/hanging-canary.ts";
import { boundShare, loadCurves, type LoadPoint } from "./measure/load-curve.ts";
import { startLoopSide } from "./measure/loop-side.ts";
import { memoryPerVersionMiB } from "./measure/memory.ts";
import { replayRates } from "./measure/replay.ts";
import { rollbackTimes } from "./measure/rollbacks.ts";
import { routeChangeTimes } from "./measure/route-change.ts";
import { startRoutedSide } from "./measure/routed-side.ts";
import type { Guest } from "./measure/side.ts";
import { percentile, summarize, type Summary } from "./measure/statistics.ts";
import { latencyPicture } from "./picture.ts";

/** How much each part measures, and where its lines go. */
export interface Extent {
  readonly rounds: number;
  readonly messages: number;
  readonly loadMs: number;
  readonly routeChanges: number;
  /** Fresh clusters that are deployed to; each is cold twice. */
  readonly clusters: number;
  readonly replayedEvents: number;
  /** Canaries that are taken back by hand, and those that are by themselves. */
  readonly rollbacks: number;
  readonly byThemselves: number;
  readonly svg: string;
  readonly say: (line: string) => void;
}

/** What a part adds to the report: numbers under their names, every sample under `raw`. */
export interface Findings {
  readonly numbers: Readonly<Record<string, number>>;
  readonly raw: Readonly<Record<string, unknown>>;
}

/** Of saturation, while canaries are taken back. */
const canaryLoad = 0.3;

/** The parts by the names that `--only` takes, in the order in which they run. What one measures another may use. */
export function benchParts(extent: Extent): Readonly<Record<string, () => Promise<Findings>>> {
  const { say } = extent;
  const every = once(() => comparison("every", extent));
  const deploys = once(() => deployTo(extent.clusters));

  const load = async (): Promise<number> => Math.round((await every()).routedPerSecond.median * canaryLoad);

  async function throughput(): Promise<Findings> {
    say("throughput, from a full inbox to everything stored");
    const dense = await every();
    const fifth = await comparison("fifth", extent);
    return {
      numbers: { routedRatio: dense.ratio.median, routedRatioSparse: fifth.ratio.median },
      raw: { every: dense, fifth },
    };
  }

  async function latency(): Promise<Findings> {
    const { routedPerSecond, loopPerSecond } = await every();
    say("latency over load, an output for every message");
    const [routed = [], loop = []] = await loadCurves(
      [
        { start: () => startRoutedSide("every"), saturationPerSecond: routedPerSecond.median },
        { start: () => startLoopSide("every", 1), saturationPerSecond: loopPerSecond.median },
      ],
      { durationMs: extent.loadMs, rounds: extent.rounds },
    );
    for (const line of [...loadLines("routed", routed), ...loadLines("loop", loop)]) say(line);
    const svg = latencyPicture([
      { name: "routed", colour: "#0b6e4f", points: routed },
      { name: "hand-written loop", colour: "#b3541e", points: loop },
    ]);
    await writeFile(extent.svg, svg);
    return {
      numbers: { p99AtThirtyPercentMs: atThirty(routed), loopP99AtThirtyPercentMs: atThirty(loop) },
      raw: { load: { routed, loop } },
    };
  }

  async function routeChange(): Promise<Findings> {
    const routeChangesMs = await routeChangeTimes(extent.routeChanges);
    const routeChangeP99Ms = percentile(routeChangesMs, 0.99);
    say(`route change to the last of two routers: p50 ${percentile(routeChangesMs, 0.5).toFixed(2)} ms`);
    say(`  p99 ${routeChangeP99Ms.toFixed(2)} ms`);
    return { numbers: { routeChangeP99Ms }, raw: { routeChangesMs } };
  }

  async function deploy(): Promise<Findings> {
    const times = await deploys();
    const cold = summarize(times.flatMap(({ coldMs }) => coldMs));
    const cached = summarize(times.flatMap(({ cachedMs }) => cachedMs));
    say(`deploy of ${(times[0]?.artifactMiB ?? 0).toFixed(1)} MiB: cold ${shown(cold)} ms, cached ${shown(cached)} ms`);
    return { numbers: { deployColdMs: cold.median, deployCachedMs: cached.median }, raw: { cold, cached } };
  }

  async function replay(): Promise<Findings> {
    const [first] = await deploys();
    const rates = await replayRates(first?.history ?? [], extent.replayedEvents);
    const { replayPerSecond, foldPerSecond } = rates;
    say(`replay and fold ${Math.round(replayPerSecond)} events/s, fold ${Math.round(foldPerSecond)} events/s`);
    return { numbers: { ...rates }, raw: {} };
  }

  async function memory(): Promise<Findings> {
    const taken = await memoryPerVersionMiB();
    say(`memory per version ${shown(taken, 1)} MiB`);
    return { numbers: { memoryPerVersionMiB: taken.median }, raw: { memory: taken } };
  }

  async function rollback(): Promise<Findings> {
    const perSecond = await load();
    say(`canaries of 25 % at ${perSecond}/s, taken back`);
    const times = await rollbackTimes(perSecond, extent.rollbacks, extent.byThemselves);
    const [p95, max] = [percentile(times.byHandMs, 0.95), Math.max(...times.byHandMs)];
    say(`  by hand, command to the last of two routers: p95 ${p95.toFixed(1)} ms, at most ${max.toFixed(1)} ms`);
    const [firstBad, breach] = [Math.max(...times.firstBadMs), Math.max(...times.breachMs)];
    say(`  by itself, half failing: first bad outcome to the last router: at most ${firstBad.toFixed(0)} ms`);
    say(`  by itself at 50/s: breaching outcome to the last router: at most ${breach.toFixed(0)} ms`);
    return {
      numbers: { rollbackP95Ms: p95, rollbackMaxMs: max, firstBadToDivertedMs: firstBad, breachToDivertedMs: breach },
      raw: { rollbacks: times },
    };
  }

  async function hanging(): Promise<Findings> {
    const perSecond = await load();
    const pairs = await pairsWithHangingCanary(perSecond, extent.rounds, extent.loadMs);
    const ratio = summarize(pairs.map(({ aloneMs, besideHangingMs }) => besideHangingMs / aloneMs));
    const atFirst = summarize(pairs.map(({ aloneMs, atFirstMs }) => atFirstMs / aloneMs));
    say(`stable's p99 beside a canary of 25 % that hangs, to alone, at ${perSecond}/s: ${shown(ratio, 2)}`);
    say(`  in the first ${extent.loadMs / 1_000} s, in which the canary's start is paid for too: ${shown(atFirst, 2)}`);
    return {
      numbers: {
        stableP99RatioWithHangingCanary: ratio.median,
        stableP99RatioAsCanaryStartsToHang: atFirst.median,
      },
      raw: { hanging: pairs },
    };
  }

  async function shadow(): Promise<Findings> {
    const perSecond = await load();
    say(`the live version at ${perSecond}/s, alone and with a shadow on all of its messages`);
    const pairs = await pairsBesideShadow(perSecond, extent.rounds, extent.loadMs);
    for (const { alone, beside, compared, behindMs } of pairs) {
      const each = [alone, beside].map(({ p50Ms, p99Ms }) => `p50 ${p50Ms.toFixed(2)}, p99 ${p99Ms.toFixed(2)} ms`);
      say(
        `  ${each.join(" alone; ")} beside a shadow that compared ${compared} and was ${behindMs.toFixed(0)} ms behind`,
      );
    }
    const p50 = summarize(pairs.map(({ alone, beside }) => beside.p50Ms / alone.p50Ms));
    const p99 = summarize(pairs.map(({ alone, beside }) => beside.p99Ms / alone.p99Ms));
    say(`  ratio of p50 ${shown(p50, 3)}, of p99 ${shown(p99, 3)}`);
    return {
      numbers: { shadowP50Ratio: p50.median, shadowP99Ratio: p99.median },
      raw: { shadow: pairs, shadowP50: p50, shadowP99: p99 },
    };
  }

  async function blueGreen(): Promise<Findings> {
    const perSecond = await load();
    say(`versions that replace one another at ${perSecond}/s`);
    const { pairs, lossToBackMs } = await blueGreenTimes(perSecond, extent.rounds, extent.byThemselves);
    const medians = besideWarm(pairs, ({ medianMs }) => medianMs);
    const slowest = besideWarm(pairs, ({ maxMs }) => maxMs);
    say(`  the first 50 messages, cold and after a warm-up: median ${medians.text}; the slowest ${slowest.text}`);
    const [p50, max] = [percentile(lossToBackMs, 0.5), Math.max(...lossToBackMs)];
    say(
      `  from the new version's death to the last of two routers: p50 ${p50.toFixed(0)} ms, at most ${max.toFixed(0)} ms`,
    );
    return {
      numbers: {
        warmMedianRatio: medians.ratio,
        warmSlowestRatio: slowest.ratio,
        lossToBackP50Ms: p50,
        lossToBackMaxMs: max,
      },
      raw: { blueGreen: pairs, lossToBackMs },
    };
  }

  return {
    throughput,
    latency,
    "route-change": routeChange,
    deploy,
    replay,
    memory,
    rollback,
    hanging,
    shadow,
    "blue-green": blueGreen,
  };
}

const once = <T>(measure: () => Promise<T>): (() => Promise<T>) => {
  let measured: Promise<T> | undefined;
  return () => (measured ??= measure());
};

const shown = ({ median, interval: [low, high] }: Summary, digits = 0): string =>
  `${median.toFixed(digits)} (${low.toFixed(digits)}–${high.toFixed(digits)})`;

/** One measure of the first messages of versions that were deployed at once, and of those that were warmed up. */
function besideWarm(pairs: BlueGreenTimes["pairs"], measure: (first: First) => number) {
  const cold = summarize(pairs.map(({ direct }) => measure(direct)));
  const warm = summarize(pairs.map(({ blueGreen }) => measure(blueGreen)));
  const ratio = summarize(pairs.map(({ direct, blueGreen }) => measure(blueGreen) / measure(direct)));
  return { ratio: ratio.median, text: `${shown(cold, 2)} and ${shown(warm, 2)} ms, ratio ${shown(ratio, 2)}` };
}

async function comparison(guest: Guest, { rounds, messages, say }: Extent): Promise<Comparison> {
  const compared = await compare(guest, { rounds, messages, say: (line) => say(`  ${line}`) });
  const { ratio, batchedRatio, routedPerSecond, loopPerSecond } = compared;
  say(`  ${guest}: routed ${shown(routedPerSecond)}/s, loop ${shown(loopPerSecond)}/s`);
  say(`  ratio to the loop ${shown(ratio, 2)}, to the loop with 16 messages a request ${shown(batchedRatio, 2)}`);
  return compared;
}

const loadLines = (side: string, points: readonly LoadPoint[]): readonly string[] =>
  points.map(({ share, perSecond, p50Ms, p99, generatorP99Ms }) => {
    const load = `${Math.round(share * 100)} % (${perSecond}/s)`;
    const p99Ms = p99.samples.length > 1 ? shown(p99, 2) : p99.median.toFixed(2);
    const late = `the generator's own lateness p99 ${generatorP99Ms.toFixed(2)} ms`;
    return `  ${side} at ${load}: p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms} ms; ${late}`;
  });

const atThirty = (points: readonly LoadPoint[]): number =>
  points.find(({ share }) => share === boundShare)?.p99Ms ?? Number.NaN;

/** What one artifact cost another must not pay for: each cluster begins with an empty cache. */
async function deployTo(clusters: number): Promise<readonly DeployTimes[]> {
  const cachedEach = 6;
  const times: DeployTimes[] = [];
  for (let cluster = 0; cluster < clusters; cluster += 1) times.push(await deployTimes(cachedEach));
  return times;
}
