/** How many messages a verdict takes, how often it is wrong, what it costs: `node bench/verdicts.ts [rollouts]`. */
import process from "node:process";
import { encodeJson } from "@caxton/bus/json";
import type { Outcome } from "@caxton/contracts/outcome";
import { defaultRules } from "@caxton/deployment/judging";
import { quantile, simulate } from "@caxton/deployment/specification/rollouts";
import { readOutcome } from "../libs/service/src/outcomes.ts";
import { StepCount } from "../services/metrics-watcher/src/core/step-count.ts";

const rollouts = Number(process.argv[2] ?? 10_000);
const limit = 0.01;
const perSecond = 150;
const plan = { rollouts, limit, msPerSample: 1_000 / perSecond, seed: 20_240_803 };

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function printRow(chance: number, samplesPerStep: number, goodFirst = 0): void {
  // Ten minutes of each are many samples: fewer rollouts will do.
  const many = goodFirst > 0 ? Math.ceil(rollouts / 10) : rollouts;
  const { share, samples } = simulate({ ...plan, rollouts: many, chance, samplesPerStep, goodFirst });
  const [median, most] = [0.5, 0.95].map((part) => quantile(samples, part));
  const seconds = median === undefined ? "" : `${Number((median / perSecond).toPrecision(2))} s`;
  const cells = [`${chance * 100} %`, `${(share * 100).toFixed(2)} %`, median ?? "", most ?? "", seconds];
  print(`| ${cells.join(" | ")} |`);
}

function printTable(title: string, printRows: () => void): void {
  print(`\n${title}\n\n| true rate | taken back | messages, median | 95 of 100 | seconds, median |`);
  print("| --- | --- | --- | --- | --- |");
  printRows();
}

function outcome(index: number, version: string): Outcome {
  return {
    schemaVersion: 1,
    agent: "quake-watch",
    epoch: "1790000000000",
    sequence: index + 1,
    messageId: `message-${index}`,
    result: "handled",
    version,
    attempts: [{ version, routeRevision: 7, result: "handled", latencyMs: 3 + (index % 200) / 10 }],
    outputs: [{ kind: "quake.seen", body: JSON.stringify({ magnitude: 4.5, place: "10 km S of somewhere" }) }],
    hops: 0,
    receivedAtMs: index,
    decidedAtMs: index + 12,
  };
}

/** CPU time in µs for each of many. */
function cost(times: number, work: (index: number) => void): number {
  for (let index = 0; index < times / 10; index += 1) work(index);
  const before = process.cpuUsage();
  for (let index = 0; index < times; index += 1) work(index);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / times;
}

function printCost(): void {
  const request = { deployment: "bench", step: 2, routeRevision: 7, sinceMs: 0, rules: [...defaultRules] };
  const count = new StepCount({ ...request, version: "quake-v2-22222", stable: "quake-v1-11111" });
  const [canary, stable] = ["quake-v2-22222", "quake-v1-11111"].map((version) =>
    Array.from({ length: 1_000 }, (_, index) => outcome(index, version)),
  );
  const add = (outcomes: readonly Outcome[] = []): number =>
    cost(200_000, (index) => {
      const [one] = outcomes.slice(index % 1_000, (index % 1_000) + 1);
      if (one !== undefined) count.add(one);
    });
  const stored = encodeJson(outcome(1, "quake-v2-22222"));
  print(`\nCPU time: an outcome read ${cost(200_000, () => void readOutcome(stored)).toFixed(1)} µs`);
  print(`counted for the canary ${add(canary).toFixed(1)} µs, for the stable version ${add(stable).toFixed(1)} µs`);
  print(
    `what it comes to, four times a second ${cost(2_000, () => void count.look("bench", true, 60_000)).toFixed(0)} µs`,
  );
}

print(`${rollouts} rollouts, threshold ${limit * 100} %, ${perSecond} messages a second at the canary`);
printTable("Three steps of 5,000 messages", () => {
  for (const times of [0.1, 0.5, 1]) printRow(limit * times, 5_000);
});
printTable("Three steps of 45,000 messages (five minutes)", () => {
  for (const times of [1.5, 2, 3, 5, 10, 50, 100]) printRow(limit * times, 45_000);
});
printTable("After ten good minutes in the first step, a tenth of the rollouts", () => {
  for (const times of [2, 3, 5, 10, 50, 100]) printRow(limit * times, 45_000, 90_000);
});
printCost();
