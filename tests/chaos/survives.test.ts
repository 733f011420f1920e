import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { inboxStream, outboxStream, outcomeStream } from "@caxton/contracts/subjects";
import { beforeAll, describe, expect, onTestFailed, test } from "vitest";
import { ackWaitMs, agent, instancePids, openScene, relayingRouter, type Scene } from "./scene.ts";
import { ledgerCounts, nothingWrong } from "./verdict.ts";
import { isLong } from "../harness/long.ts";

interface Fault {
  readonly what: string;
  /** The event of the replacement at which it strikes. */
  readonly at: string;
  readonly strike: (scene: Scene, version: string) => Promise<void>;
}

const killed = (what: string, name: string, at: string): Fault => ({
  what: `kill -9 of ${what}`,
  at,
  async strike({ cluster }) {
    await cluster.kill(name);
    await cluster.restart(name);
  },
});

const faults: readonly Fault[] = [
  {
    what: "kill -9 of the router that relays",
    at: "VersionReady",
    async strike(scene) {
      const router = await relayingRouter(scene);
      await scene.cluster.kill(router);
      await scene.cluster.restart(router);
    },
  },
  killed("the agent-host", "agent-host", "RouteChanged"),
  {
    what: "kill -9 of the new version's process",
    at: "VersionReady",
    async strike(scene, version) {
      const pids = await instancePids(scene, version);
      expect(pids.length).toBeGreaterThan(0);
      for (const pid of pids) process.kill(pid, "SIGKILL");
    },
  },
  killed("the orchestrator", "orchestrator", "ValidationPassed"),
  killed("the ledger", "ledger", "RouteChanged"),
  {
    what: "kill -9 of nats-server, started again on the same data",
    at: "VersionReady",
    strike: ({ cluster }) => cluster.nats.restart(),
  },
  {
    what: "a router frozen for longer than the ack wait, then continued",
    at: "VersionReady",
    async strike(scene) {
      const router = await relayingRouter(scene);
      scene.cluster.freeze(router);
      await delay(ackWaitMs * 1.5);
      scene.cluster.thaw(router);
    },
  },
];

describe.each(isLong ? [120_000, 1_000] : [1_000])("with a duplicate window of %i ms", (duplicateWindowMs) => {
  let scene: Scene;

  beforeAll(async () => {
    const opened = await openScene(duplicateWindowMs);
    scene = opened;
    return () => opened.close();
  });

  function showLogsWhereItFails(): void {
    onTestFailed(() => console.error(scene.cluster.logs()));
  }

  test.each(faults)("$what loses, doubles and falsifies nothing", async ({ at, strike }) => {
    showLogsWhereItFails();
    const { version, end, report } = await scene.replaceUnderTraffic(at, (struck) => strike(scene, struck));
    expect(report).toMatchObject(nothingWrong);
    expect(end).toBe("DeploymentCompleted");
    expect(report.perVersion[version]?.handled).toBeGreaterThan(0);
    expect(await ledgerCounts(scene)).toEqual({ accepted: report.accepted, handled: report.handled, pending: 0 });
  });

  test("the window is what it is said to be", async () => {
    for (const name of [inboxStream(agent), outcomeStream(agent), outboxStream(agent)]) {
      expect((await scene.bus.streams.info(name))?.spec.duplicateWindowMs).toBe(duplicateWindowMs);
    }
  });

  test("nothing was added when everybody had ended what they were doing", async () => {
    showLogsWhereItFails();
    await scene.cluster.kill("router", "SIGTERM");
    await scene.cluster.kill("router-2", "SIGTERM");
    expect(await scene.audit()).toMatchObject(nothingWrong);
  });
});
