import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, onTestFailed, test } from "vitest";
import { publishCommand } from "../harness/deployer.ts";
import { isLong } from "../harness/long.ts";
import { type CanaryScene, ends, type Faults, openCanaryScene, type StartedCanary } from "./canary-scene.ts";
import { agent, instancePids } from "./scene.ts";
import { nothingWrong } from "./verdict.ts";

/** Before anything is done there is something to be warmed up on. */
const history = 400;

/** Messages a second, of what two routers took at most on two cores that others kept busy (`pnpm bench`). */
const thirtyPercent = 833;

let scene: CanaryScene;

beforeAll(async () => {
  scene = await openCanaryScene(1, isLong ? { perSecond: thirtyPercent } : {});
}, 120_000);
afterAll(() => scene.close());

async function underTraffic(): Promise<void> {
  onTestFailed(() => console.error(scene.cluster.logs()));
  const producer = await scene.produce();
  await producer.reached(producer.acknowledged.length + history);
}

async function nothingIsWrong(): Promise<void> {
  expect(await scene.audit()).toMatchObject(nothingWrong);
}

async function killInstance({ version }: StartedCanary): Promise<void> {
  for (const pid of await instancePids(scene, version)) process.kill(pid, "SIGKILL");
}

/** Kills every process of the version that there is and comes, until `over`. */
async function killAgainAndAgain(version: string, over: AbortSignal): Promise<void> {
  const killed = new Set<number>();
  while (!over.aborted) {
    for (const pid of await instancePids(scene, version)) {
      if (killed.has(pid)) continue;
      killed.add(pid);
      process.kill(pid, "SIGKILL");
    }
    await delay(10);
  }
}

type Strike = (green: StartedCanary) => Promise<void>;

/** All of them with `pnpm test:long`; else the first of each kind. */
const wanted = (cases: readonly (readonly [string, Strike])[]) => (isLong ? cases : cases.slice(0, 1));

const orchestrators = ["orchestrator", "orchestrator-2"];
const killOrchestrators: Strike = async () => {
  for (const name of orchestrators) await scene.cluster.kill(name);
  for (const name of orchestrators) await scene.cluster.restart(name);
};
const killServer: Strike = async () => {
  await scene.cluster.nats.kill();
  await delay(2_000);
  await scene.cluster.nats.restart();
};

describe("while a version is warmed up,", () => {
  const strikes: readonly (readonly [string, Strike])[] = [
    ["kill -9 of both orchestrators", killOrchestrators],
    ["kill -9 of its process", killInstance],
    ["kill -9 of nats-server", killServer],
    [
      "kill -9 of the host of all versions",
      async () => {
        await scene.cluster.kill("agent-host");
        await scene.cluster.restart("agent-host");
      },
    ],
  ];

  test.each(wanted(strikes))("%s changes nothing about the end", async (_what, strike) => {
    await underTraffic();
    const green = await scene.blueGreen({}, { cleanupMs: 0 });
    await strike(green);
    const facts = await green.until(...ends);
    expect(facts.at(-1)?.type).toBe("DeploymentCompleted");
    await nothingIsWrong();
  });

  test("an abort by hand takes it back, and no message ever knew of it", async () => {
    await underTraffic();
    const green = await scene.blueGreen({ fault: "slow", ms: 100 }, {});
    expect(await publishCommand(scene.bus, agent, "abort", green.deployment)).toMatchObject({ ok: true });
    const facts = await green.until(...ends);
    expect(facts.at(-1)?.type).toBe("DeploymentRolledBack");
    const report = await scene.audit();
    expect(report).toMatchObject(nothingWrong);
    expect(Object.keys(report.perVersion)).not.toContain(green.version);
  });

  const bad: readonly (readonly [string, Faults, string])[] = [
    ["traps on a quarter of the messages", { fault: "trap", every: 4 }, "warm-up-failed"],
    ["hangs on a quarter of the messages", { fault: "loop", every: 4 }, "warm-up-failed"],
  ];
  test.each(isLong ? bad : bad.slice(0, 1))("one that %s gets none of them", async (_what, faults, code) => {
    await underTraffic();
    const green = await scene.blueGreen(faults, {});
    const facts = await green.until(...ends);
    expect(facts.at(-1)).toMatchObject({ type: "DeploymentFailed", data: { failure: { stage: "warm-up", code } } });
    const report = await scene.audit();
    expect(report).toMatchObject(nothingWrong);
    expect(Object.keys(report.perVersion)).not.toContain(green.version);
  });
});

describe("at the very switch,", () => {
  const strikes: readonly (readonly [string, Strike])[] = [
    [
      "kill -9 of the new version's process, again and again, brings the one before back; it",
      async (green) => {
        const over = new AbortController();
        const striking = killAgainAndAgain(green.version, over.signal);
        await green.until("RollbackStarted").finally(() => over.abort());
        await striking;
        await green.until("DeploymentRolledBack");
      },
    ],
    ["kill -9 of the new version's process", killInstance],
    [
      "kill -9 of a router",
      async () => {
        await scene.cluster.kill("router");
        await scene.cluster.restart("router");
      },
    ],
    ["kill -9 of both orchestrators", killOrchestrators],
    ["kill -9 of nats-server", killServer],
    [
      "a rollback by hand",
      async ({ deployment }) => {
        expect(await publishCommand(scene.bus, agent, "rollback", deployment)).toMatchObject({ ok: true });
      },
    ],
  ];

  test.each(wanted(strikes))("%s loses, doubles and falsifies nothing", async (_what, strike) => {
    await underTraffic();
    const green = await scene.blueGreen({}, {});
    await green.until("RouteChanged");
    await strike(green);
    const facts = await green.until(...ends);
    expect(["DeploymentCompleted", "DeploymentRolledBack"]).toContain(facts.at(-1)?.type);
    await nothingIsWrong();
  });
});
