import { setTimeout as delay } from "node:timers/promises";
import { connectBus } from "@caxton/bus/connect";
import { decodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import type { DeployCommand } from "@caxton/contracts/command-message";
import { RouteAck } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import { inboxSubject, routeAckSubject } from "@caxton/contracts/subjects";
import { buildFixture } from "../../tests/fixtures/build-fixture.ts";
import { startCluster } from "../../tests/harness/cluster.ts";
import { deploymentFacts, publishCommand, publishDeploy, uploadArtifact } from "../../tests/harness/deployer.ts";
import { type Publishing, startPublishing } from "./messages.ts";

const services = ["orchestrator", "validator", "agent-host", "router", "router", "metrics-watcher", "ledger"];
const routers = 2;
const routeAck = checker("route ack", RouteAck);
const hourMs = 3_600_000;
export const agent = "bench";
/**
 * V8 goes on compiling what is hot for far more than 100,000 messages, on the same two cores: until then the path takes a quarter more of
 * the processors. Services run for weeks.
 */
const warmUpMs = 45_000;
/** Nothing but a command takes the canary back. */
export const unjudged = { rollbackOn: [] };

/** A canary under way: its deployment, its version and the route's revision. */
export interface Canary {
  readonly deployment: string;
  readonly version: string;
  readonly revision: number;
}

/** Every service a process of its own, two routers, and a version that runs; its configuration may make it fail on messages. */
export interface CanaryCluster extends AsyncDisposable {
  readonly bus: Bus;
  readonly url: string;
  readonly stable: string;
  /** Resolves when what is hot is compiled. */
  produce(perSecond: number): Promise<Publishing>;
  /** A quarter of the messages, watched for an hour. Resolves when both routers follow. */
  canary(configuration: object, judging?: NonNullable<DeployCommand["canary"]>["judging"]): Promise<Canary>;
  /** All messages go to another version. Resolves when it runs. */
  replace(wishes: Partial<DeployCommand>): Promise<Canary>;
  /** On all messages, for an hour, beside the same agent. Resolves with its deployment when its version is ready. */
  shadow(): Promise<string>;
  /** Resolves when it is gone. */
  abort(deployment: string): Promise<void>;
  /** Resolves with the time, Unix ms, when both routers have acknowledged the revision. */
  followed(revision: number): Promise<number>;
  logs(): string;
}

export async function startCanaryCluster(more: readonly string[] = []): Promise<CanaryCluster> {
  const cluster = await startCluster({ services: [...services, ...more] });
  const bus = await connectBus({ url: cluster.nats.url, name: "bench" });
  const digest = await uploadArtifact(bus, await buildFixture("faulty"));
  const first = await publishDeploy(bus, agent, digest);
  const facts = await deploymentFacts(bus, agent, first, ["DeploymentCompleted"], 30_000);
  const follows = new Map<string, number>();
  let changed = (): void => undefined;
  const acks = bus.subscribe(routeAckSubject(agent), ({ data }) => {
    const { router, revision } = routeAck.check(decodeJson(data));
    follows.set(router, revision);
    changed();
  });
  await acks.ready;
  let runs = 0;
  let warmUpLeftMs = warmUpMs;

  return {
    bus,
    url: cluster.nats.url,
    stable: String(facts.find(({ type }) => type === "ValidationPassed")?.data["version"]),
    logs: () => cluster.logs(),
    async produce(perSecond) {
      const side = { url: cluster.nats.url, inboxSubject: inboxSubject(agent) };
      const publishing = await startPublishing(side, { perSecond });
      await delay(warmUpLeftMs);
      warmUpLeftMs = 0;
      return publishing;
    },
    async canary(configuration, judging) {
      runs += 1;
      const deployment = await publishDeploy(bus, agent, digest, "tests", {
        strategy: "canary",
        configuration: { ...configuration, run: runs },
        canary: {
          steps: [{ share: 0.25, watchMs: hourMs }, { share: 1 }],
          ...(judging === undefined ? {} : { judging }),
        },
      });
      const told = await deploymentFacts(bus, agent, deployment, ["RouteApplied", "ValidationFailed"], 30_000);
      const version = told.find(({ type }) => type === "ValidationPassed")?.data["version"];
      const revision = told.at(-1)?.data["revision"];
      if (typeof version !== "string" || typeof revision !== "number")
        throw new Error(`no canary: ${JSON.stringify(told.at(-1))}\n${cluster.logs()}`);
      return { deployment, version, revision };
    },
    async replace(wishes) {
      runs += 1;
      const deployment = await publishDeploy(bus, agent, digest, "tests", { ...wishes, configuration: { run: runs } });
      const told = await deploymentFacts(bus, agent, deployment, ["DeploymentCompleted", "DeploymentFailed"], 60_000);
      const version = told.find(({ type }) => type === "ValidationPassed")?.data["version"];
      const revision = told.find(({ type }) => type === "RouteChanged")?.data["revision"];
      if (typeof version !== "string" || typeof revision !== "number")
        throw new Error(`not replaced: ${JSON.stringify(told.at(-1))}\n${cluster.logs()}`);
      return { deployment, version, revision };
    },
    async shadow() {
      runs += 1;
      const wanted = { strategy: "shadow", configuration: { run: runs }, shadow: { durationMs: hourMs } } as const;
      const deployment = await publishDeploy(bus, agent, digest, "tests", wanted);
      await deploymentFacts(bus, agent, deployment, ["VersionReady"], 30_000);
      return deployment;
    },
    async abort(deployment) {
      await publishCommand(bus, agent, "abort", deployment);
      await deploymentFacts(bus, agent, deployment, ["DeploymentRetired", "DeploymentRolledBack"], 60_000);
    },
    async followed(revision) {
      while ([...follows.values()].filter((followed) => followed >= revision).length < routers) {
        await new Promise<void>((resolve) => (changed = resolve));
      }
      return Date.now();
    },
    async [Symbol.asyncDispose]() {
      acks.close();
      await bus.close();
      await cluster.stop();
    },
  };
}
