import { setTimeout as delay } from "node:timers/promises";
import { decodeJson } from "@caxton/bus/json";
import { RouteEntry } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import { outcomeStream, routeBucket } from "@caxton/contracts/subjects";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import { isLong } from "../harness/long.ts";
import { startStandInProcess } from "../harness/kurrent-process.ts";
import type { KurrentServer } from "../harness/kurrent-server.ts";
import { agent, openScene, type Scene } from "./scene.ts";
import { ledgerCounts, nothingWrong } from "./verdict.ts";

// The event store is a process of its own here, which JetStream is not: a stand-in for KurrentDB, behind its real client.
const services = ["orchestrator", "orchestrator", "validator", "agent-host", "router", "router", "ledger", "gateway"];
const awayMs = 10_000;
const routeEntry = checker("route", RouteEntry);

let scene: Scene;
let store: KurrentServer & Required<Pick<KurrentServer, "process">>;

beforeAll(async () => {
  store = await startStandInProcess();
  scene = await openScene(1_000, { services, instances: 1, env: { CAXTON_EVENT_STORE: store.url } });
});
afterAll(async () => {
  await scene.close();
  await store[Symbol.asyncDispose]();
});

interface Absence {
  readonly what: string;
  /** The event of the replacement at which it begins. */
  readonly at: string;
  readonly begin: () => Promise<void>;
  readonly end: () => Promise<void>;
  /** So many new routes were stored before it and may still be carried out; none unless given. */
  readonly routesStored?: number;
  /** Runs with `pnpm test:long` only. */
  readonly isForLong?: true;
}

const gone = { begin: () => store.process.kill(), end: () => store.process.start() };
const frozen = { begin: () => store.process.freeze(), end: () => store.process.thaw() };

const absences: readonly Absence[] = [
  { what: "killed while the new version starts", at: "ValidationPassed", ...gone },
  { what: "killed before the validation", at: "DeploymentRequested", ...gone, isForLong: true },
  { what: "frozen while the new version starts", at: "ValidationPassed", ...frozen, isForLong: true },
  { what: "killed while the route changes", at: "RouteChanged", ...gone, routesStored: 1, isForLong: true },
];

test.each(absences.filter(({ isForLong }) => isLong || isForLong === undefined))(
  "an event store $what for ten seconds: messages flow, the route stays, the deployment goes on after it",
  async ({ at, begin, end: finish, routesStored = 0 }) => {
    onTestFailed(() => console.error(scene.cluster.logs()));
    const { version, end, report } = await scene.replaceUnderTraffic(at, async () => {
      await begin();
      const [revisionBefore, decidedBefore] = [await routeRevision(scene), await decided(scene)];
      // Ten seconds are what is asked for.
      await delay(awayMs);
      // Four hundred messages a second come in; a fifth of them is what a machine busy with other things still does.
      expect((await decided(scene)) - decidedBefore).toBeGreaterThan(800);
      expect((await routeRevision(scene)) - revisionBefore).toBeLessThanOrEqual(routesStored);
      await finish();
    });
    expect(end).toBe("DeploymentCompleted");
    expect(report).toMatchObject(nothingWrong);
    expect(report.perVersion[version]?.handled).toBeGreaterThan(0);
    expect(await ledgerCounts(scene)).toEqual({ accepted: report.accepted, handled: report.handled, pending: 0 });
  },
);

async function routeRevision({ bus }: Scene): Promise<number> {
  const entry = await (await bus.kv(routeBucket)).get(agent);
  if (entry === undefined) throw new Error(`${agent} has no route`);
  return routeEntry.check(decodeJson(entry.value)).revision;
}

async function decided({ bus }: Scene): Promise<number> {
  return (await bus.streams.info(outcomeStream(agent)))?.lastSequence ?? 0;
}
