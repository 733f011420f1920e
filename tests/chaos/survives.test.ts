import { inboxStream, outboxStream, outcomeStream } from "@caxton/contracts/subjects";
import { beforeAll, describe, expect, onTestFailed, test } from "vitest";
import { agent, openScene, type Scene } from "./scene.ts";
import * as strikes from "./strikes.ts";
import { ledgerCounts, nothingWrong } from "./verdict.ts";
import { isLong } from "../harness/long.ts";

const faults: readonly strikes.Fault[] = [
  strikes.killedRelay,
  strikes.killed("the agent-host", "agent-host", "RouteChanged"),
  strikes.killedVersion,
  strikes.killed("the orchestrator", "orchestrator", "ValidationPassed"),
  strikes.killed("the ledger", "ledger", "RouteChanged"),
  strikes.killedServer,
  strikes.frozenRouter,
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
