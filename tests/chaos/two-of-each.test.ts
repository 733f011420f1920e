import { beforeAll, expect, onTestFailed, test } from "vitest";
import { openScene, type Scene } from "./scene.ts";
import * as strikes from "./strikes.ts";
import { ledgerCounts, nothingWrong } from "./verdict.ts";

const kinds = ["orchestrator", "validator", "agent-host", "router", "gateway", "ledger", "metrics-watcher"];
// Short, so that nothing is held together by the bus's memory of message ids.
const duplicateWindowMs = 1_000;

const killedOne = (kind: string, at: string): strikes.Fault => strikes.killed(`one ${kind} of two`, kind, at);

const faults: readonly strikes.Fault[] = [
  killedOne("orchestrator", "ValidationPassed"),
  killedOne("validator", "DeploymentRequested"),
  killedOne("agent-host", "RouteChanged"),
  killedOne("gateway", "VersionReady"),
  killedOne("ledger", "RouteChanged"),
  killedOne("metrics-watcher", "VersionReady"),
  strikes.killedRelay,
  strikes.killedVersion,
  strikes.killedServer,
  strikes.killedHosts,
  strikes.frozenRouter,
  strikes.frozenInstance,
  strikes.frozenHost,
  strikes.frozenOrchestrator,
  strikes.killedRelayBesideFrozenRouter,
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
