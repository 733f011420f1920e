import { EventEmitter, once } from "node:events";
import { ensureAgentStreams } from "@caxton/bus/agent-streams";
import { connectBus } from "@caxton/bus/connect";
import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import type { Attempt, Outcome } from "@caxton/contracts/outcome";
import {
  inFlightSubject,
  outcomeSubject,
  routeBucket,
  slotBucket,
  slotKey,
  verdictSubject,
  watchSubject,
  windowsSubject,
} from "@caxton/contracts/subjects";
import { slotTtlMs } from "@caxton/contracts/placement";
import type { InFlight, WatchedStep, WatchRequest } from "@caxton/contracts/watched-step";
import { watchedStep } from "@caxton/contracts/watched-step";
import { windowsAnswer } from "@caxton/contracts/windows";
import { defaultRules, type Rule } from "@caxton/deployment/judging";
import { createLogger } from "@caxton/telemetry/logger";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startNatsServer, type NatsServer } from "../../../tests/harness/nats-server.ts";
import { startMetricsWatcher } from "./service.ts";

const version = "quake-v2-22222";
const stable = "quake-v1-11111";
const log = createLogger({ service: "metrics-watcher", id: "test", level: "silent" });
let server: NatsServer;
let bus: Bus;

beforeAll(async () => {
  server = await startNatsServer();
  bus = await connectBus({ url: server.url, name: "verdicts-test" });
});
afterAll(async () => {
  await bus.close();
  await server.stop();
});

/** An agent whose messages are decided here, and what the watchers say about its canary. */
class Rollout {
  readonly agent: string;
  readonly request: WatchRequest;
  readonly #epoch: string;
  readonly #heard = new EventEmitter();
  readonly #said: WatchedStep[] = [];
  #sequence = 0;

  static async begin(agent: string): Promise<Rollout> {
    const epoch = await ensureAgentStreams(bus, agent);
    await (await bus.kv(routeBucket)).put(agent, encodeJson({}));
    const rollout = new Rollout(agent, epoch);
    await rollout.#listen();
    return rollout;
  }

  private constructor(agent: string, epoch: string) {
    this.agent = agent;
    this.#epoch = epoch;
    this.request = {
      deployment: `${agent}-deployment`,
      step: 2,
      version,
      stable,
      routeRevision: 5,
      sinceMs: Date.now(),
      rules: defaultRules.map((rule) => ({ ...rule })),
    };
  }

  async decide(...attempts: readonly Partial<Attempt>[]): Promise<number> {
    const sequence = ++this.#sequence;
    const made = attempts.map((changes): Attempt => {
      return { version, routeRevision: 5, result: "handled", latencyMs: 12, ...changes };
    });
    const outcome: Outcome = {
      schemaVersion: 1,
      agent: this.agent,
      epoch: this.#epoch,
      sequence,
      messageId: String(sequence),
      result: made.some(({ result }) => result === "handled") ? "handled" : "dead-lettered",
      version,
      attempts: made,
      outputs: [],
      hops: 0,
      receivedAtMs: Date.now(),
      decidedAtMs: Date.now(),
    };
    await bus.store(outcomeSubject(this.agent, this.#epoch, sequence), encodeJson(outcome));
    return outcome.decidedAtMs;
  }

  async decideMany(count: number, ...attempts: readonly Partial<Attempt>[]): Promise<void> {
    for (let index = 0; index < count; index += 1) await this.decide(...attempts);
  }

  judgeBy(...rules: readonly Rule[]): void {
    this.request.rules = rules.map((rule) => ({ ...rule }));
  }

  ask(): void {
    bus.publish(watchSubject(this.agent), encodeJson(this.request));
  }

  reportInFlight(...agesMs: readonly number[]): void {
    const report: InFlight = { router: "router-a", version, routeRevision: 5, agesMs: [...agesMs] };
    bus.publish(inFlightSubject(this.agent), encodeJson(report));
  }

  /** The next thing that a watcher says of which this is true; it is asked until then. */
  async hears(isWanted: (said: WatchedStep) => boolean, from?: string): Promise<WatchedStep> {
    const asking = setInterval(() => this.ask(), 100);
    try {
      this.ask();
      for (let next = this.#said.length; ; next += 1) {
        if (next === this.#said.length) await once(this.#heard, "said");
        const said = this.#said[next];
        if (said !== undefined && isWanted(said) && (from === undefined || said.watcher === from)) return said;
      }
    } finally {
      clearInterval(asking);
    }
  }

  async #listen(): Promise<void> {
    const subscription = bus.subscribe(verdictSubject(this.agent), ({ data }) => {
      this.#said.push(watchedStep.check(decodeJson(data)));
      this.#heard.emit("said");
    });
    await subscription.ready;
  }
}

const failed = { result: "failed", code: "agent-trap", latencyMs: 1 } as const;
const onStable = { version: stable } as const;

test("a canary passes on what it handled, and its breach is said at once, with the outcome that was one too many", async () => {
  const rollout = await Rollout.begin("judged");
  await rollout.decideMany(30, { routeRevision: 4, version: stable });
  await rollout.decideMany(60, {});
  await rollout.decide(failed, { ...failed, ...onStable });
  await rollout.decide({ ...onStable, overflowedFrom: version });
  await rollout.decide(onStable);
  const watcher = await startMetricsWatcher({ bus, log, id: "first" });
  const passed = await rollout.hears(({ counts, verdict }) => counts.stableHandled === 1 && verdict.outcome === "pass");
  expect(passed).toMatchObject({
    watcher: "first",
    deployment: "judged-deployment",
    step: 2,
    verdict: {
      findings: [
        { metric: "error_rate", outcome: "pass", samples: 60, observed: 0, threshold: 0.01 },
        { metric: "p99_latency", outcome: "pass", samples: 60, observed: expect.closeTo(12, 0), threshold: 100 },
      ],
    },
    counts: { handled: 60, failed: 0, messageAtFault: 1, overflow: 1, stableHandled: 1, stableFailed: 0 },
  });

  const hearing = rollout
    .hears(({ verdict }) => verdict.outcome === "fail")
    .then((said) => ({ ...said, heardAtMs: Date.now() }));
  const decidedAtMs: number[] = [];
  for (let index = 0; index < 6; index += 1) decidedAtMs.push(await rollout.decide(failed, onStable));
  const { breachedAtMs = 0, verdict, counts, heardAtMs } = await hearing;
  expect(decidedAtMs.slice(3)).toContain(breachedAtMs);
  expect(verdict.findings[0]).toMatchObject({ outcome: "fail", threshold: 0.01 });
  expect(counts.fallbacks).toBeGreaterThanOrEqual(4);
  expect(heardAtMs - breachedAtMs).toBeLessThan(200);
  await watcher.close();

  // One that was not there reads it out of what is stored, and finds the same to the millisecond.
  const successor = await startMetricsWatcher({ bus, log, id: "second" });
  const again = await rollout.hears((said) => said.verdict.outcome === "fail", "second");
  expect(again.breachedAtMs).toBe(breachedAtMs);
  expect(again.verdict.findings[0]).toEqual(verdict.findings[0]);
  const whole = await rollout.hears((said) => said.counts.failed === 6, "second");
  expect(whole.counts).toMatchObject({ handled: 60, failed: 6, fallbacks: 6, messageAtFault: 1, overflow: 1 });
  await successor.close();
});

test("a second watcher counts the same as the first, also what came before it was asked", async () => {
  const rollout = await Rollout.begin("watched-twice");
  const watchers = [
    await startMetricsWatcher({ bus, log, id: "one" }),
    await startMetricsWatcher({ bus, log, id: "other" }),
  ];
  await rollout.decideMany(20, {});
  await rollout.decideMany(5, { version: stable });
  const isWhole = ({ counts }: WatchedStep): boolean => counts.handled === 20 && counts.stableHandled === 5;
  const [one, other] = await Promise.all([rollout.hears(isWhole, "one"), rollout.hears(isWhole, "other")]);
  const looked = one.verdict.findings.map((finding) => ({ ...finding, windowMs: expect.any(Number) }));
  expect(other.verdict.findings).toEqual(looked);
  for (const watcher of watchers) await watcher.close();
});

test("a step that began before anything a watcher reads by itself is counted whole, and its windows count nothing twice", async () => {
  const rollout = await Rollout.begin("long-under-way");
  await rollout.decideMany(20, {});
  const watcher = await startMetricsWatcher({ bus, log, id: "late" });
  await rollout.hears(({ counts }) => counts.handled === 20);
  rollout.request.sinceMs -= 600_000;
  await rollout.decideMany(5, {});
  const isLong = ({ verdict }: WatchedStep): boolean => verdict.findings.some(({ windowMs }) => windowMs > 600_000);
  await rollout.hears((said) => isLong(said) && said.counts.handled === 25);
  const { data } = await bus.request(windowsSubject("long-under-way"), new Uint8Array(), { timeoutMs: 5_000 });
  expect(windowsAnswer.check(decodeJson(data))).toMatchObject({ windows: { versions: [{ version, handled: 25 }] } });
  await watcher.close();
});

test("messages that hang at the canary breach its latency before any outcome is there", async () => {
  const rollout = await Rollout.begin("hanging");
  const watcher = await startMetricsWatcher({ bus, log, id: "first" });
  await rollout.hears(({ verdict }) => verdict.outcome === "inconclusive");
  const hearing = rollout.hears(({ verdict }) => verdict.outcome === "fail");
  rollout.reportInFlight(240, 230, 220, 210, 30);
  rollout.reportInFlight(490, 480, 470, 460, 280);
  const { verdict, counts } = await hearing;
  expect(verdict.findings[1]).toMatchObject({ metric: "p99_latency", outcome: "fail", samples: 4, threshold: 100 });
  expect(counts.handled).toBe(0);
  await watcher.close();
});

test("memory is what the largest instance takes, as its host says it", async () => {
  const rollout = await Rollout.begin("memory");
  const slots = await bus.kv(slotBucket, { ttlMs: slotTtlMs });
  const slot = { host: "one", instance: "one-1", state: "ready", restarts: 0 };
  for (const [index, memoryBytes] of [90_000_000, 300_000_000].entries()) {
    await slots.put(slotKey("memory", version, index), encodeJson({ ...slot, memoryBytes }));
  }
  rollout.judgeBy({ metric: "memory", comparison: ">", threshold: { kind: "absolute", value: 2e8 }, forMs: 0 });
  const watcher = await startMetricsWatcher({ bus, log, id: "first" });
  const { verdict } = await rollout.hears((said) => said.verdict.outcome === "fail");
  expect(verdict.findings).toMatchObject([{ metric: "memory", observed: 300_000_000, threshold: 2e8, samples: 1 }]);
  await watcher.close();
});
