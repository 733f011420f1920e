import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connectBus } from "@caxton/bus/connect";
import type { Bus } from "@caxton/bus/types";
import type { AbCommand, DeployCommand, ShadowCommand } from "@caxton/contracts/command-message";
import { audit } from "../auditor/audit.ts";
import type { Rule } from "../auditor/expected.ts";
import type { Acknowledged, AuditReport } from "../auditor/report.ts";
import { buildFixture } from "../fixtures/build-fixture.ts";
import { type Cluster, startCluster } from "../harness/cluster.ts";
import { type DeploymentFact, deploymentFacts, publishDeploy, uploadArtifact } from "../harness/deployer.ts";
import { wantedPerSecond } from "../harness/long.ts";
import { readCatalogue, startProducer, type Producer } from "../harness/producer.ts";
import { ackWaitMs, agent } from "./scene.ts";

const services = ["orchestrator", "orchestrator", "validator", "agent-host", "router", "router", "ledger"];
const moderate = 400;
const deployTimeoutMs = 40_000;
const settleTimeoutMs = 40_000;
// Short, so that nothing is held together by the bus's memory of message ids.
const duplicateWindowMs = 1_000;
export const ends = ["DeploymentCompleted", "DeploymentFailed", "ValidationFailed", "DeploymentRolledBack"];

/** What the canary does to every nth message of the catalogue; nothing is the same version as the stable one. */
export interface Faults {
  readonly fault?: "throw" | "trap" | "loop" | "slow" | "eat";
  readonly every?: number;
  readonly ms?: number;
}

export type CanaryWishes = NonNullable<DeployCommand["canary"]>;
export type BlueGreenWishes = NonNullable<DeployCommand["blueGreen"]>;

export interface CanaryScene {
  readonly cluster: Cluster;
  readonly bus: Bus;
  /** Deploys a canary; resolves when both routers follow its first share. */
  canary(faults: Faults, wishes: CanaryWishes): Promise<StartedCanary>;
  /** Deploys an A/B test; resolves when both routers follow its share. */
  ab(faults: Faults, wishes: AbCommand): Promise<StartedCanary>;
  /** Deploys a shadow; resolves when its version is ready. */
  shadow(faults: Faults, wishes: ShadowCommand): Promise<StartedCanary>;
  /** Asks for a deployment of a version that does the same, and waits for nothing. */
  ask(wishes?: Partial<DeployCommand>): Promise<Pick<StartedCanary, "deployment" | "until">>;
  /** Replaces the live version by another that does the same. */
  replaceLive(): Promise<void>;
  /** Deploys blue-green; resolves when its version is ready, and so is being warmed up. */
  blueGreen(faults: Faults, times: BlueGreenWishes): Promise<StartedCanary>;
  /** Traffic until `close` or `audit`. */
  produce(): Promise<Producer>;
  /** Ends the traffic and accounts for every message since the beginning. */
  audit(): Promise<AuditReport>;
  close(): Promise<void>;
}

export interface StartedCanary {
  readonly deployment: string;
  readonly version: string;
  /** Its events up to the first of these. */
  until(...types: readonly string[]): Promise<readonly DeploymentFact[]>;
}

export interface SceneOptions {
  readonly services?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Messages; 400 unless given. */
  readonly perSecond?: number;
}

/** A cluster of real processes with version 2 of the example agent at work, and canaries of the same that fail as they are told. */
export async function openCanaryScene(watchers = 1, more: SceneOptions = {}): Promise<CanaryScene> {
  const perSecond = wantedPerSecond ?? more.perSecond ?? moderate;
  const cluster = await startCluster({
    services: [...services, ...Array.from({ length: watchers }, () => "metrics-watcher"), ...(more.services ?? [])],
    env: {
      ...more.env,
      CAXTON_DUPLICATE_WINDOW_MS: String(duplicateWindowMs),
      CAXTON_ACK_WAIT_MS: String(ackWaitMs),
    },
  });
  const bus = await connectBus({ url: cluster.nats.url, name: "chaos" });
  const digest = await uploadArtifact(bus, await buildFixture(await faultySource(cluster.folder)));
  const bodies = await readCatalogue();
  const rules: Record<string, Rule> = {};
  const acknowledged: Acknowledged[] = [];
  let producing: Producer | undefined;
  let runs = 0;

  async function until(deployment: string, types: readonly string[]): Promise<readonly DeploymentFact[]> {
    const facts = await deploymentFacts(bus, agent, deployment, types, deployTimeoutMs).catch((error: Error) => {
      throw new Error(`${error.message}\n${cluster.logs()}`);
    });
    const version = facts.find(({ type }) => type === "ValidationPassed")?.data["version"];
    if (typeof version === "string") rules[version] = "v2";
    return facts;
  }

  async function startRollout(
    faults: Faults,
    wishes: Partial<DeployCommand>,
    sign: "RouteApplied" | "VersionReady",
  ): Promise<StartedCanary> {
    runs += 1;
    const configuration = { ...faults, run: runs };
    const deployment = await publishDeploy(bus, agent, digest, "tests", { ...wishes, configuration });
    const facts = await until(deployment, [sign, "DeploymentFailed", "ValidationFailed"]);
    const version = facts.find(({ type }) => type === "ValidationPassed")?.data["version"];
    if (facts.at(-1)?.type !== sign || typeof version !== "string")
      throw new Error(`no ${wishes.strategy}: ${JSON.stringify(facts.at(-1))}\n${cluster.logs()}`);
    return { deployment, version, until: (...types) => until(deployment, types) };
  }

  async function endTraffic(): Promise<void> {
    if (producing === undefined) return;
    await producing.stop();
    acknowledged.push(...producing.acknowledged);
    producing = undefined;
  }

  const first = await publishDeploy(bus, agent, digest);
  await until(first, ["DeploymentCompleted"]);

  return {
    cluster,
    bus,
    canary: (faults, wishes) => startRollout(faults, { strategy: "canary", canary: wishes }, "RouteApplied"),
    ab: (faults, wishes) => startRollout(faults, { strategy: "ab", ab: wishes }, "RouteApplied"),
    blueGreen: (faults, times) => startRollout(faults, { strategy: "blue-green", blueGreen: times }, "VersionReady"),
    async shadow(faults, shadow) {
      runs += 1;
      const configuration = { ...faults, run: runs };
      const wanted = { strategy: "shadow", configuration, shadow } as const;
      const deployment = await publishDeploy(bus, agent, digest, "tests", wanted);
      const facts = await until(deployment, ["VersionReady", "DeploymentFailed", "ValidationFailed"]);
      const version = facts.find(({ type }) => type === "ValidationPassed")?.data["version"];
      if (facts.at(-1)?.type !== "VersionReady" || typeof version !== "string")
        throw new Error(`no shadow: ${JSON.stringify(facts.at(-1))}\n${cluster.logs()}`);
      return { deployment, version, until: (...types) => until(deployment, types) };
    },
    async ask(wishes = {}) {
      runs += 1;
      const deployment = await publishDeploy(bus, agent, digest, "tests", { configuration: { run: runs }, ...wishes });
      return { deployment, until: (...types) => until(deployment, types) };
    },
    async replaceLive() {
      runs += 1;
      await until(await publishDeploy(bus, agent, digest, "tests", { configuration: { run: runs } }), [
        "DeploymentCompleted",
      ]);
    },
    async produce() {
      producing ??= await startProducer({ url: cluster.nats.url, agent, bodies, perSecond });
      return producing;
    },
    async audit() {
      await endTraffic();
      return audit({ url: cluster.nats.url, agent, acknowledged, rules, settleTimeoutMs });
    },
    async close() {
      await endTraffic();
      await bus.close();
      await cluster.stop();
    },
  };
}

/** Version 2 of the example, which first does to every nth message what its configuration says; not to its examples, whose items are small. */
async function faultySource(folder: string): Promise<string> {
  const source = await readFile(new URL("../../examples/quake-watch/v2.js", import.meta.url), "utf8");
  const faulty = source
    .replace("export function handle(", "function handleWell(")
    .replace("additionalProperties: false,\n  // From", "// From").concat(`
const faults = {
  throw: () => { throw new Error("boom"); },
  trap: () => faults.trap() + faults.trap(),
  loop: () => { for (;;); },
  eat: () => { const eaten = []; for (;;) eaten.push(new Uint8Array(1_000_000)); },
  slow: ({ ms }) => { const until = Date.now() + ms; while (Date.now() < until); },
};
export function handle(message, configuration) {
  const { fault, every = 1, ...settings } = JSON.parse(configuration);
  const { item = 0 } = JSON.parse(message.body);
  if (fault !== undefined && item > 7 && item % every === 0) faults[fault](settings);
  return handleWell(message, "{}");
}
`);
  const file = join(folder, "faulty-quake.js");
  await writeFile(file, faulty);
  return file;
}
