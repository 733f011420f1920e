import { join } from "node:path";
import { connectBus } from "@caxton/bus/connect";
import { decodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { SlotStatus, slotTtlMs } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import { epochOf } from "@caxton/contracts/outcome";
import { inboxStream, slotBucket } from "@caxton/contracts/subjects";
import { audit } from "../auditor/audit.ts";
import type { Rule } from "../auditor/expected.ts";
import type { Acknowledged, AuditReport } from "../auditor/report.ts";
import { startCluster, type Cluster } from "../harness/cluster.ts";
import { type DeploymentFact, deploymentFacts, publishDeploy, uploadArtifact } from "../harness/deployer.ts";
import { readCatalogue, type Producer, startProducer } from "../harness/producer.ts";
import { buildExamples } from "../harness/quake-agents.ts";

export const agent = "quake-watch";
const perSecond = 400;
const messagesPerFault = 1_000;
const deployTimeoutMs = 60_000;
const settleTimeoutMs = 40_000;
const ends = ["DeploymentCompleted", "DeploymentFailed", "ValidationFailed", "DeploymentRolledBack"];

/** After this time without a sign of life from a router its messages go to another. */
export const ackWaitMs = 2_000;

export interface Scene {
  readonly cluster: Cluster;
  readonly bus: Bus;
  /** The one that was deployed last. */
  readonly version: string;
  /** Replaces the live version by the other one under steady traffic, strikes when the replacement has come to `at`, and audits everything since the beginning. */
  replaceUnderTraffic(at: string, strike: (version: string) => Promise<void>): Promise<Replacement>;
  /** Deletes the inbox and makes it again; what was acknowledged in its earlier life is not asked for any more. */
  makeInboxAgain(): Promise<void>;
  audit(): Promise<AuditReport>;
  close(): Promise<void>;
}

export interface Replacement {
  readonly version: string;
  /** The event that ended the deployment. */
  readonly end: string;
  readonly report: AuditReport;
}

export interface SceneOptions {
  /** Folders under services/, one process each. */
  readonly services: readonly string[];
  /** Of every version. */
  readonly instances: number;
  /** More settings for every process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Processes whose way to nats-server can be held up. */
  readonly linked?: readonly string[];
}

const usual: SceneOptions = {
  services: ["orchestrator", "validator", "agent-host", "router", "router", "ledger", "metrics-watcher"],
  instances: 1,
};

/** A cluster of real processes, two routers in it unless told otherwise, with the first version of the example agent at work. */
export async function openScene(
  duplicateWindowMs: number,
  { services, instances, env, linked = [] } = usual,
): Promise<Scene> {
  const cluster = await startCluster({
    services,
    linked,
    env: { CAXTON_DUPLICATE_WINDOW_MS: String(duplicateWindowMs), CAXTON_ACK_WAIT_MS: String(ackWaitMs), ...env },
  });
  const bus = await connectBus({ url: cluster.nats.url, name: "chaos" });
  let acknowledged: Acknowledged[] = [];
  const earlierEpochs: string[] = [];
  let producing: Producer | undefined;
  /** So many of its acknowledged messages belong to an earlier life of the inbox. */
  let outlived = 0;
  const rules: Record<string, Rule> = {};
  const digests = new Map<Rule, string>();
  let live: Rule = "v2";
  let liveVersion = "";

  const rulesInTurn = ["v1", "v2"] as const;
  const files = await buildExamples(["quake-watch/v1", "quake-watch/v2"], cluster.folder);
  for (const [index, rule] of rulesInTurn.entries()) {
    digests.set(rule, await uploadArtifact(bus, files[index] ?? join(cluster.folder, "missing")));
  }

  /** Deploys what is not live. @returns the new version and how it ended */
  async function replace(at: string, strike: (version: string) => Promise<void>): Promise<Omit<Replacement, "report">> {
    const next = live === "v1" ? "v2" : "v1";
    const deployment = await publishDeploy(bus, agent, digests.get(next) ?? "", "tests", { instances });
    const before = await deploymentFacts(bus, agent, deployment, [at, ...ends], deployTimeoutMs);
    live = next;
    await strike(versionIn(before));
    const facts = await deploymentFacts(bus, agent, deployment, ends, deployTimeoutMs);
    // A strike before its validation knows no version yet.
    const version = versionIn(facts);
    rules[version] = next;
    liveVersion = version;
    return { version, end: facts.at(-1)?.type ?? "" };
  }

  /** Acks of the deleted stream are all here when a round trip is over: its connection hears them in order. */
  async function acknowledgedSoFar(): Promise<number> {
    await producing?.flush();
    return producing?.acknowledged.length ?? 0;
  }

  function report(): Promise<AuditReport> {
    return audit({ url: cluster.nats.url, agent, acknowledged, rules, earlierEpochs, settleTimeoutMs });
  }

  const first = await replace("DeploymentCompleted", () => Promise.resolve());
  if (first.end !== "DeploymentCompleted")
    throw new Error(`the first version did not start: ${first.end}\n${cluster.logs()}`);
  const bodies = await readCatalogue();

  return {
    cluster,
    bus,
    get version() {
      return liveVersion;
    },
    async replaceUnderTraffic(at, strike) {
      const producer = await startProducer({ url: cluster.nats.url, agent, bodies, perSecond });
      producing = producer;
      let replaced: Omit<Replacement, "report">;
      try {
        await producer.reached(messagesPerFault / 4);
        replaced = await replace(at, strike);
        await producer.reached(messagesPerFault);
      } finally {
        // Also where it failed: the next strike has a producer of its own.
        await producer.stop();
        acknowledged.push(...producer.acknowledged.slice(outlived));
        outlived = 0;
        producing = undefined;
      }
      return { ...replaced, report: await report() };
    },
    async makeInboxAgain() {
      const info = await bus.streams.info(inboxStream(agent));
      if (info === undefined) throw new Error(`${agent} has no inbox`);
      await bus.streams.delete(inboxStream(agent));
      earlierEpochs.push(epochOf(info.createdAtMs));
      acknowledged = [];
      outlived = await acknowledgedSoFar();
      await bus.streams.ensure(info.spec);
    },
    audit: report,
    async close() {
      await bus.close();
      await cluster.stop();
    },
  };
}

/** What the validator named the version; empty where it has not come so far. */
function versionIn(facts: readonly DeploymentFact[]): string {
  const version = facts.find(({ type }) => type === "ValidationPassed")?.data["version"];
  return typeof version === "string" ? version : "";
}

const slot = checker("slot status", SlotStatus);

/** The process ids of a version's instances. */
export async function instancePids(scene: Pick<Scene, "bus">, version: string): Promise<readonly number[]> {
  return (await slotsOf(scene, version)).flatMap(({ pid }) => pid ?? []);
}

/** What hosts say of a version's instances now. */
export async function slotsOf({ bus }: Pick<Scene, "bus">, version: string): Promise<readonly SlotStatus[]> {
  const slots = await bus.kv(slotBucket, { ttlMs: slotTtlMs });
  const entries = await Promise.all((await slots.keys(`${agent}.${version}.*`)).map((key) => slots.get(key)));
  return entries.flatMap((entry) => (entry === undefined ? [] : [slot.check(decodeJson(entry.value))]));
}
