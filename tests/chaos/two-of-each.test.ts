import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { beforeAll, expect, onTestFailed, test } from "vitest";
import { ackWaitMs, instancePids, openScene, relayingRouter, type Scene } from "./scene.ts";
import { ledgerCounts, nothingWrong } from "./verdict.ts";

const kinds = ["orchestrator", "validator", "agent-host", "router", "gateway", "ledger", "metrics-watcher"];
// Short, so that nothing is held together by the bus's memory of message ids.
const duplicateWindowMs = 1_000;

interface Fault {
  readonly what: string;
  /** The event of the replacement at which it strikes. */
  readonly at: string;
  readonly strike: (scene: Scene, version: string) => Promise<void>;
}

const killed = (kind: string, at: string): Fault => ({
  what: `kill -9 of one ${kind} of two`,
  at,
  async strike({ cluster }) {
    await cluster.kill(kind);
    await cluster.restart(kind);
  },
});

const faults: readonly Fault[] = [
  killed("orchestrator", "ValidationPassed"),
  killed("validator", "DeploymentRequested"),
  killed("agent-host", "RouteChanged"),
  killed("gateway", "VersionReady"),
  killed("ledger", "RouteChanged"),
  killed("metrics-watcher", "VersionReady"),
  {
    what: "kill -9 of both hosts at once",
    at: "RouteChanged",
    async strike({ cluster }) {
      const hosts = ["agent-host", "agent-host-2"];
      await Promise.all(hosts.map((host) => cluster.kill(host)));
      await Promise.all(hosts.map((host) => cluster.restart(host)));
    },
  },
  {
    what: "a frozen process of the new version, then continued",
    at: "RouteChanged",
    async strike(scene, version) {
      const [pid] = await instancePids(scene, version);
      if (pid === undefined) throw new Error(`${version} has no process`);
      process.kill(pid, "SIGSTOP");
      await delay(ackWaitMs * 1.5);
      // A host that ended it in the meantime has done its work.
      if (isThere(pid)) process.kill(pid, "SIGCONT");
    },
  },
  {
    what: "a frozen agent-host, then continued",
    at: "RouteChanged",
    async strike({ cluster }) {
      cluster.freeze("agent-host");
      await delay(ackWaitMs * 1.5);
      cluster.thaw("agent-host");
    },
  },
  {
    what: "kill -9 of the router that relays while the other is frozen, then continued",
    at: "VersionReady",
    async strike(scene) {
      const relaying = await relayingRouter(scene);
      const other = relaying === "router" ? "router-2" : "router";
      scene.cluster.freeze(other);
      await scene.cluster.kill(relaying);
      await delay(ackWaitMs * 1.5);
      scene.cluster.thaw(other);
      await scene.cluster.restart(relaying);
    },
  },
];

let scene: Scene;

beforeAll(async () => {
  const opened = await openScene(duplicateWindowMs, { services: kinds.flatMap((kind) => [kind, kind]), instances: 2 });
  scene = opened;
  return () => opened.close();
});

test.each(faults)("with two of each, $what loses, doubles and falsifies nothing", async ({ at, strike }) => {
  onTestFailed(() => console.error(scene.cluster.logs()));
  const { version, end, report } = await scene.replaceUnderTraffic(at, (struck) => strike(scene, struck));
  expect(report).toMatchObject(nothingWrong);
  expect(end).toBe("DeploymentCompleted");
  expect(report.perVersion[version]?.handled).toBeGreaterThan(0);
  expect(await ledgerCounts(scene)).toEqual({ accepted: report.accepted, handled: report.handled, pending: 0 });
});

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
