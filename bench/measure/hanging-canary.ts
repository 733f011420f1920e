import { decodeJson } from "@caxton/bus/json";
import { Outcome } from "@caxton/contracts/outcome";
import { checker } from "@caxton/contracts/schema";
import { outcomeStream } from "@caxton/contracts/subjects";
import { setTimeout as delay } from "node:timers/promises";
import { deploymentFacts, publishCommand } from "../../tests/harness/deployer.ts";
import { agent, type CanaryCluster, startCanaryCluster, unjudged } from "./canary-cluster.ts";
import { percentile } from "./statistics.ts";

const outcomeSchema = checker("outcome", Outcome);
export interface Pair {
  /** The stable version's p99 from arrival to decision, ms, on the messages that are meant for it. */
  readonly aloneMs: number;
  /** From when the canary gets its share on, while what its start costs is still paid for. */
  readonly atFirstMs: number;
  /** Later, when each router knows that it hangs. */
  readonly besideHangingMs: number;
}

/** A deadline is one second; two routers have each seen three of them running by then. */
const knownAfterMs = 10_000;
/** A router that knows it tries the canary every half minute at most: as much longer than at first that is measured. */
const longer = 4;

/** The stable version alone, then beside a canary of a quarter that hangs on every message, in turn. */
export async function pairsWithHangingCanary(
  perSecond: number,
  pairs: number,
  durationMs: number,
): Promise<readonly Pair[]> {
  await using cluster = await startCanaryCluster();
  const producer = await cluster.produce(perSecond);
  const measured: Pair[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    const aloneMs = await stableP99(cluster, longer * durationMs);
    const { deployment } = await cluster.canary({ fault: "loop", from: 2 }, unjudged);
    const startedMs = performance.now();
    const atFirstMs = await stableP99(cluster, durationMs);
    await delay(Math.max(0, knownAfterMs - (performance.now() - startedMs)));
    const besideHangingMs = await stableP99(cluster, longer * durationMs);
    await publishCommand(cluster.bus, agent, "rollback", deployment);
    await deploymentFacts(cluster.bus, agent, deployment, ["DeploymentRolledBack"], 60_000);
    measured.push({ aloneMs, atFirstMs, besideHangingMs });
  }
  await producer.stop();
  return measured;
}

async function stableP99({ bus, stable }: CanaryCluster, durationMs: number): Promise<number> {
  const stream = outcomeStream(agent);
  const fromSequence = ((await bus.streams.info(stream))?.lastSequence ?? 0) + 1;
  await delay(durationMs);
  const latenciesMs: number[] = [];
  for await (const { data } of bus.streams.read(stream, { fromSequence })) {
    const { attempts, receivedAtMs, decidedAtMs } = outcomeSchema.check(decodeJson(data));
    const [only] = attempts;
    const isItsOwn = attempts.length === 1 && only?.version === stable && only.overflowedFrom === undefined;
    if (isItsOwn) latenciesMs.push(decidedAtMs - receivedAtMs);
  }
  return percentile(latenciesMs, 0.99);
}
