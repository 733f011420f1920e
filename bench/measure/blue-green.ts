import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { decodeJson } from "@caxton/bus/json";
import type { DeployCommand } from "@caxton/contracts/command-message";
import { Outcome } from "@caxton/contracts/outcome";
import { SlotStatus, slotTtlMs } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import { outcomeStream, slotBucket, versionKey } from "@caxton/contracts/subjects";
import { deploymentFacts } from "../../tests/harness/deployer.ts";
import { agent, type CanaryCluster, startCanaryCluster } from "./canary-cluster.ts";
import { percentile } from "./statistics.ts";

const outcomeSchema = checker("outcome", Outcome);
const slotStatus = checker("slot", SlotStatus);
const firstMessages = 50;

/** Of the first messages that a version handled, by its own clock, ms. */
export interface First {
  readonly medianMs: number;
  readonly maxMs: number;
}

export interface BlueGreenTimes {
  /** The same version deployed in turn at once, and after a warm-up. */
  readonly pairs: readonly { readonly direct: First; readonly blueGreen: First }[];
  /** From the death of the new version's only process, which goes on dying, to the last router on the version before. */
  readonly lossToBackMs: readonly number[];
}

/** Versions that replace one another at `perSecond` messages. */
export async function blueGreenTimes(perSecond: number, pairs: number, losses: number): Promise<BlueGreenTimes> {
  await using cluster = await startCanaryCluster();
  const producer = await cluster.produce(perSecond);
  const found: { direct: First; blueGreen: First }[] = [];
  for (let count = 0; count < pairs; count += 1) {
    const direct = await firstOf(cluster, { strategy: "direct" });
    const blueGreen = await firstOf(cluster, { strategy: "blue-green", blueGreen: { cleanupMs: 0 } });
    found.push({ direct, blueGreen });
  }
  const lossToBackMs: number[] = [];
  for (let count = 0; count < losses; count += 1) lossToBackMs.push(await lossOnce(cluster));
  await producer.stop();
  return { pairs: found, lossToBackMs };
}

async function firstOf(cluster: CanaryCluster, wishes: Partial<DeployCommand>): Promise<First> {
  const fromSequence = ((await cluster.bus.streams.info(outcomeStream(agent)))?.lastSequence ?? 0) + 1;
  const { version } = await cluster.replace(wishes);
  const latencies: number[] = [];
  for await (const { data } of cluster.bus.streams.follow(outcomeStream(agent), { fromSequence })) {
    const attempt = outcomeSchema.check(decodeJson(data)).attempts.find((one) => one.version === version);
    if (attempt !== undefined) latencies.push(attempt.latencyMs);
    if (latencies.length === firstMessages) break;
  }
  return { medianMs: percentile(latencies, 0.5), maxMs: Math.max(...latencies) };
}

async function lossOnce(cluster: CanaryCluster): Promise<number> {
  const { bus } = cluster;
  const { deployment, version, revision } = await cluster.replace({ strategy: "blue-green" });
  const slots = await bus.kv(slotBucket, { ttlMs: slotTtlMs });
  const back = cluster.followed(revision + 1);
  const over = new AbortController();
  const settled = back.finally(() => over.abort());
  const killed = new Set<number>();
  const diedAtMs = Date.now();
  while (!over.signal.aborted) {
    for (const { value } of await slots.entries(`${versionKey(agent, version)}.*`)) {
      const { pid } = slotStatus.check(decodeJson(value));
      if (pid === undefined || killed.has(pid)) continue;
      killed.add(pid);
      process.kill(pid, "SIGKILL");
    }
    await delay(5);
  }
  const tookMs = (await settled) - diedAtMs;
  await deploymentFacts(bus, agent, deployment, ["DeploymentRolledBack"], 60_000);
  return tookMs;
}
