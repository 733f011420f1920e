import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { decodeJson, encodeJson } from "@caxton/bus/json";
import { commands } from "@caxton/contracts/commands";
import { Outcome } from "@caxton/contracts/outcome";
import { checker } from "@caxton/contracts/schema";
import { commandSubject, outcomeStream } from "@caxton/contracts/subjects";
import { deploymentFacts } from "../../tests/harness/deployer.ts";
import { agent, type Canary, type CanaryCluster, startCanaryCluster, unjudged } from "./canary-cluster.ts";

const outcomeSchema = checker("outcome", Outcome);
/** Half of a canary's messages, and every one but its own example. */
const failsOnHalf = { fault: "refuse", every: 2 };
const failsOnAll = { fault: "refuse", from: 2 };
const lowPerSecond = 50;
const underWayMs = 2_000;

export interface Rollbacks {
  /** From the command on its way to the bus to the last router's acknowledgement, ms. */
  readonly byHandMs: readonly number[];
  /** Half of the canary's messages fail: from the first of them decided to the last router's acknowledgement, ms. */
  readonly firstBadMs: readonly number[];
  /** At 50 messages a second: from the outcome that was one too many to the last router's acknowledgement, ms. */
  readonly breachMs: readonly number[];
}

/** Canaries of a quarter of `perSecond` messages, one after the other, each taken back: by hand, and by themselves. */
export async function rollbackTimes(perSecond: number, byHand: number, byItself: number): Promise<Rollbacks> {
  await using cluster = await startCanaryCluster();
  const busy = await cluster.produce(perSecond);
  const byHandMs: number[] = [];
  for (let count = 0; count < byHand; count += 1) byHandMs.push(await byHandOnce(cluster));
  const firstBadMs: number[] = [];
  for (let count = 0; count < byItself; count += 1) firstBadMs.push(await byItselfOnce(cluster));
  await busy.stop();
  const slow = await cluster.produce(lowPerSecond);
  const breachMs: number[] = [];
  for (let count = 0; count < byItself; count += 1) breachMs.push(await breachOnce(cluster));
  await slow.stop();
  return { byHandMs, firstBadMs, breachMs };
}

async function byHandOnce(cluster: CanaryCluster): Promise<number> {
  const canary = await cluster.canary({}, unjudged);
  // Whoever takes one back has looked at it; by then its deployment costs the machine nothing any more.
  await delay(underWayMs);
  const { message } = commands.rollback.read({ id: randomUUID(), deployment: canary.deployment });
  const diverted = cluster.followed(canary.revision + 1);
  const startedMs = Date.now();
  await cluster.bus.store(commandSubject("bench", agent, "rollback"), encodeJson(message));
  const tookMs = (await diverted) - startedMs;
  await isOver(cluster, canary);
  return tookMs;
}

async function byItselfOnce(cluster: CanaryCluster): Promise<number> {
  const fromSequence = ((await cluster.bus.streams.info(outcomeStream(agent)))?.lastSequence ?? 0) + 1;
  const canary = await cluster.canary(failsOnHalf);
  const diverted = cluster.followed(canary.revision + 1);
  const firstBad = await firstFailure(cluster, canary, fromSequence);
  const tookMs = (await diverted) - firstBad;
  await isOver(cluster, canary);
  return tookMs;
}

async function firstFailure({ bus }: CanaryCluster, { version }: Canary, fromSequence: number): Promise<number> {
  for await (const { data } of bus.streams.follow(outcomeStream(agent), { fromSequence })) {
    const { attempts, decidedAtMs } = outcomeSchema.check(decodeJson(data));
    if (attempts.some((attempt) => attempt.version === version && attempt.result === "failed")) return decidedAtMs;
  }
  throw new Error(`${version} failed on nothing`);
}

async function breachOnce(cluster: CanaryCluster): Promise<number> {
  const canary = await cluster.canary(failsOnAll);
  const divertedAtMs = await cluster.followed(canary.revision + 1);
  const facts = await isOver(cluster, canary);
  const since = facts.find(({ type }) => type === "RollbackStarted")?.data["sinceMs"];
  return divertedAtMs - Number(since);
}

function isOver({ bus }: CanaryCluster, { deployment }: Canary): ReturnType<typeof deploymentFacts> {
  return deploymentFacts(bus, agent, deployment, ["DeploymentRolledBack"], 60_000);
}
