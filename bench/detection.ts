/**
 * From the first bad outcome of a canary, and from the one that was one too many, to the verdict on the bus; and what counting
 * costs a metrics-watcher: `node bench/detection.ts [messages a second] [rounds]`. Outcomes are stored here, as a router does.
 */
import { readFile } from "node:fs/promises";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { ensureAgentStreams } from "@caxton/bus/agent-streams";
import { connectBus } from "@caxton/bus/connect";
import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Attempt, Outcome } from "@caxton/contracts/outcome";
import {
  inboxStream,
  outboxStream,
  outcomeStream,
  outcomeSubject,
  routeBucket,
  verdictSubject,
  watchSubject,
} from "@caxton/contracts/subjects";
import { watchAgainMs, watchedStep, type WatchedStep, type WatchRequest } from "@caxton/contracts/watched-step";
import { defaultRules } from "@caxton/deployment/judging";
import { startNatsServer } from "../tests/harness/nats-server.ts";
import { startServiceProcess } from "../tests/harness/service-process.ts";

const perSecond = Number(process.argv[2] ?? 3_000);
const rounds = Number(process.argv[3] ?? 10);
const share = 0.05;
const goodMs = 3_000;
const tickMs = 5;
const versions = { version: "quake-v2-22222", stable: "quake-v1-11111" } as const;

await using server = await startNatsServer();
const bus = await connectBus({ url: server.url, name: "detection" });
const env = { CAXTON_NATS_URL: server.url, CAXTON_LOG_LEVEL: "info" };
const watcher = await startServiceProcess({ service: "metrics-watcher", id: "bench", env, onLine: () => undefined });

/** Clock ticks of /proc/<pid>/stat are hundredths of a second (man 5 proc, USER_HZ). */
async function processorMs(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).replace(/^.*\) /s, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

interface Detection {
  readonly firstBadMs: number;
  readonly breachMs: number;
  readonly stored: number;
}

/** One rollout: some seconds of good messages, then the canary fails with this chance until somebody says so. */
async function detect(agent: string, chance: number): Promise<Detection> {
  const epoch = await ensureAgentStreams(bus, agent);
  await (await bus.kv(routeBucket)).put(agent, encodeJson({}));
  const request: WatchRequest = {
    deployment: agent,
    step: 2,
    ...versions,
    routeRevision: 1,
    sinceMs: Date.now(),
    rules: [...defaultRules],
  };
  const heard: { readonly said: WatchedStep; readonly atMs: number }[] = [];
  const subscription = bus.subscribe(verdictSubject(agent), ({ data }) => {
    const said = watchedStep.check(decodeJson(data));
    if (said.verdict.outcome === "fail") heard.push({ said, atMs: Date.now() });
  });
  const asking = setInterval(() => bus.publish(watchSubject(agent), encodeJson(request)), watchAgainMs);
  const storing: Promise<unknown>[] = [];
  let sequence = 0;
  let firstBadMs: number | undefined;
  const startMs = Date.now();
  while (heard.length === 0) {
    const due = ((Date.now() - startMs) / 1_000) * perSecond;
    const isBad = Date.now() - startMs > goodMs;
    while (sequence < due) {
      sequence += 1;
      const attempt = (version: string): Attempt => ({ version, routeRevision: 1, result: "handled", latencyMs: 12 });
      const onCanary = Math.random() < share;
      const fails = onCanary && isBad && Math.random() < chance;
      const decidedAtMs = Date.now();
      if (fails) firstBadMs ??= decidedAtMs;
      const failed: Attempt = { ...attempt(versions.version), result: "failed", code: "agent-trap" };
      const outcome: Outcome = {
        schemaVersion: 1,
        agent,
        epoch,
        sequence,
        messageId: `message-${sequence}`,
        result: "handled",
        attempts: fails ? [failed, attempt(versions.stable)] : [attempt(onCanary ? versions.version : versions.stable)],
        outputs: [],
        hops: 0,
        receivedAtMs: decidedAtMs - 15,
        decidedAtMs,
      };
      storing.push(
        bus.store(outcomeSubject(agent, epoch, sequence), encodeJson(outcome), { expectLastSubjectSequence: 0 }),
      );
    }
    await delay(tickMs);
  }
  clearInterval(asking);
  await Promise.all(storing);
  subscription.close();
  for (const stream of [inboxStream(agent), outcomeStream(agent), outboxStream(agent)])
    await bus.streams.delete(stream);
  const [first] = heard;
  const atMs = first?.atMs ?? 0;
  return { firstBadMs: atMs - (firstBadMs ?? 0), breachMs: atMs - (first?.said.breachedAtMs ?? 0), stored: sequence };
}

const before = await processorMs(watcher.pid);
let stored = 0;
process.stdout.write(
  `${perSecond} messages a second, ${share * 100} % to the canary, ${rounds} rounds each\n\n` +
    "| fails | first bad outcome → verdict, median | most | breaching outcome → verdict, median | most |\n" +
    "| --- | --- | --- | --- | --- |\n",
);
for (const chance of [1, 0.5, 0.1, 0.05]) {
  const found: Detection[] = [];
  for (let round = 0; round < rounds; round += 1) found.push(await detect(`bench-${chance * 100}-${round}`, chance));
  stored += found.reduce((sum, one) => sum + one.stored, 0);
  const cells = [found.map(({ firstBadMs }) => firstBadMs), found.map(({ breachMs }) => breachMs)].flatMap((times) => {
    const sorted = times.toSorted((a, b) => a - b);
    return [`${sorted[Math.floor(sorted.length / 2)]} ms`, `${sorted.at(-1)} ms`];
  });
  process.stdout.write(`| ${[`${chance * 100} %`, ...cells].join(" | ")} |\n`);
}
const spentMs = (await processorMs(watcher.pid)) - before;
process.stdout.write(
  `\nprocessor time of the metrics-watcher: ${((spentMs / stored) * 1_000).toFixed(0)} µs an outcome\n`,
);
await watcher.kill("SIGTERM");
await bus.close();
