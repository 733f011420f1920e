/** `pnpm bench`: the routed path beside a hand-written loop, then what else has a bound. `--help` says more. */
import { writeFile } from "node:fs/promises";
import process from "node:process";
import { parseArgs } from "node:util";
import { compare, type Comparison } from "./measure/comparison.ts";
import { deployTimes } from "./measure/deploy-times.ts";
import { loadCurve } from "./measure/load-curve.ts";
import { startLoopSide } from "./measure/loop-side.ts";
import { memoryPerVersionMiB } from "./measure/memory.ts";
import { replayRates } from "./measure/replay.ts";
import { routeChangeTimes } from "./measure/route-change.ts";
import { startRoutedSide } from "./measure/routed-side.ts";
import { percentile, summarize, type Summary } from "./measure/statistics.ts";
import { latencyPicture } from "./picture.ts";

const help = `pnpm bench [--json FILE] [--svg FILE] [--rounds N] [--messages N] [--quick]

Measures on this machine, in one run: the routed path beside a hand-written consume → request → publish → ack loop, with an
output for every message and for every fifth; latency over load; a route change to the last of two routers; deploying, cold
and cached; replay and fold; memory per version. Takes about six minutes on 2 cores.

  --json FILE    all numbers, with every sample
  --svg FILE     the picture of latency over load (bench.svg unless given)
  --rounds N     of routed path and loop in turn (5 unless given)
  --messages N   in a round (20000 unless given)
  --quick        3 rounds of 5000, shorter loads: to see that it works`;

const { values } = parseArgs({
  options: {
    json: { type: "string" },
    svg: { type: "string", default: "bench.svg" },
    rounds: { type: "string" },
    messages: { type: "string" },
    quick: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);

function wholeNumber(name: string, text: string | undefined, unlessGiven: number): number {
  const value = Number(text ?? unlessGiven);
  if (Number.isInteger(value) && value > 0 && value <= 1_000_000) return value;
  process.stderr.write(`--${name} is '${text}'; it takes a whole number from 1 to 1000000\n`);
  process.exit(2);
}

const shown = ({ median, interval: [low, high] }: Summary, digits = 0): string =>
  `${median.toFixed(digits)} (${low.toFixed(digits)}–${high.toFixed(digits)})`;

function sayComparison({ guest, ratio, batchedRatio, routedPerSecond, loopPerSecond }: Comparison): void {
  say(`  ${guest}: routed ${shown(routedPerSecond)}/s, loop ${shown(loopPerSecond)}/s`);
  say(`  ratio to the loop ${shown(ratio, 2)}, to the loop with 16 messages a request ${shown(batchedRatio, 2)}`);
}

async function bench(): Promise<void> {
  const { quick } = values;
  const rounds = wholeNumber("rounds", values.rounds, quick ? 3 : 5);
  const messages = wholeNumber("messages", values.messages, quick ? 5_000 : 20_000);
  const loadMs = quick ? 1_500 : 5_000;

  say("throughput, from a full inbox to everything stored");
  const every = await compare("every", { rounds, messages, say: (line) => say(`  ${line}`) });
  sayComparison(every);
  const fifth = await compare("fifth", { rounds, messages, say: (line) => say(`  ${line}`) });
  sayComparison(fifth);

  say("latency over load, an output for every message");
  const routed = await loadCurve(() => startRoutedSide("every"), every.routedPerSecond.median, loadMs);
  const loop = await loadCurve(() => startLoopSide("every", 1), every.loopPerSecond.median, loadMs);
  for (const [name, points] of [["routed", routed] as const, ["loop", loop] as const]) {
    for (const { share, perSecond, p50Ms, p99Ms } of points) {
      const load = `${Math.round(share * 100)} % (${perSecond}/s)`;
      say(`  ${name} at ${load}: p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`);
    }
  }

  const routeChangesMs = await routeChangeTimes(quick ? 50 : 300);
  const routeChangeP99Ms = percentile(routeChangesMs, 0.99);
  say(`route change to the last of two routers: p50 ${percentile(routeChangesMs, 0.5).toFixed(2)} ms`);
  say(`  p99 ${routeChangeP99Ms.toFixed(2)} ms`);

  const deploys = [];
  for (let cluster = 0; cluster < (quick ? 1 : 3); cluster += 1) deploys.push(await deployTimes(6));
  const cold = summarize(deploys.flatMap(({ coldMs }) => coldMs));
  const cached = summarize(deploys.flatMap(({ cachedMs }) => cachedMs));
  say(`deploy of ${(deploys[0]?.artifactMiB ?? 0).toFixed(1)} MiB: cold ${shown(cold)} ms, cached ${shown(cached)} ms`);

  const replay = await replayRates(deploys[0]?.history ?? [], quick ? 20_000 : 100_000);
  say(
    `replay and fold ${Math.round(replay.replayPerSecond)} events/s, fold ${Math.round(replay.foldPerSecond)} events/s`,
  );
  const memory = await memoryPerVersionMiB();
  say(`memory per version ${shown(memory, 1)} MiB`);

  const svg = latencyPicture([
    { name: "routed", colour: "#0b6e4f", points: routed },
    { name: "hand-written loop", colour: "#b3541e", points: loop },
  ]);
  await writeFile(values.svg, svg);
  if (values.json === undefined) return;
  const atThirty = (points: typeof routed): number => points.find(({ share }) => share === 0.3)?.p99Ms ?? Number.NaN;
  const report = {
    routedRatio: every.ratio.median,
    routedRatioSparse: fifth.ratio.median,
    p99AtThirtyPercentMs: atThirty(routed),
    routeChangeP99Ms,
    deployColdMs: cold.median,
    deployCachedMs: cached.median,
    foldPerSecond: replay.foldPerSecond,
    memoryPerVersionMiB: memory.median,
    replayPerSecond: replay.replayPerSecond,
    loopP99AtThirtyPercentMs: atThirty(loop),
    raw: { every, fifth, load: { routed, loop }, routeChangesMs, cold, cached, memory },
  };
  await writeFile(values.json, `${JSON.stringify(report, undefined, 2)}\n`);
}

if (values.help) say(help);
else await bench();
