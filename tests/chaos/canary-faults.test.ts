import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, onTestFailed, test } from "vitest";
import { publishCommand } from "../harness/deployer.ts";
import { isLong } from "../harness/long.ts";
import {
  type CanaryScene,
  type CanaryWishes,
  ends,
  type Faults,
  openCanaryScene,
  type StartedCanary,
} from "./canary-scene.ts";
import { ackWaitMs, agent, instancePids } from "./scene.ts";
import { nothingWrong } from "./verdict.ts";

const long = 600_000;
const goneMs = 10_000;
/** A quarter of the messages, watched for as long as a test may take. */
const quarter: CanaryWishes = { steps: [{ share: 0.25, watchMs: long }, { share: 1 }] };
const short: CanaryWishes = { steps: [{ share: 0.25, watchMs: 2_500 }, { share: 1 }] };
const unjudged: CanaryWishes = { ...quarter, judging: { rollbackOn: [] } };

/** All of them with `pnpm test:long`; else the first of each kind, and those named here. */
const few = ["hangs on all of them", "nats-server that is gone for ten seconds"];
const wanted = <Case extends readonly [string, ...unknown[]]>(cases: readonly Case[]): readonly Case[] =>
  cases.filter(([what], index) => isLong || index === 0 || few.includes(what));

let scene: CanaryScene;

beforeAll(async () => {
  scene = await openCanaryScene(2);
}, 120_000);
afterAll(() => scene.close());

async function nothingIsWrong(): Promise<void> {
  expect(await scene.audit()).toMatchObject(nothingWrong);
}

describe("a canary that", () => {
  const bad: readonly (readonly [string, Faults, RegExp])[] = [
    ["fails on half of its messages", { fault: "throw", every: 2 }, /^error_rate > 1%/],
    ["traps on each of them", { fault: "trap" }, /^error_rate > 1%/],
    ["hangs on a quarter of them", { fault: "loop", every: 4 }, /error_rate > 1%|p99_latency > 100ms/],
    ["hangs on all of them", { fault: "loop" }, /error_rate > 1%|p99_latency > 100ms/],
    ["takes 150 ms for each", { fault: "slow", ms: 150 }, /^p99_latency > 100ms/],
  ];

  test.each(wanted(bad))("%s is taken back by itself, and costs nothing but time", async (_what, faults, reason) => {
    onTestFailed(() => console.error(scene.cluster.logs()));
    await scene.produce();
    const canary = await scene.canary(faults, quarter);
    const facts = await canary.until(...ends);
    expect(facts.at(-1)?.type).toBe("DeploymentRolledBack");
    expect(facts.find(({ type }) => type === "RollbackStarted")?.data["reason"]).toMatch(reason);
    await nothingIsWrong();
  });

  test("is well goes on although its process dies in the middle of a step", async () => {
    onTestFailed(() => console.error(scene.cluster.logs()));
    await scene.produce();
    // What its death costs is no reason to take it back here: that is another test's.
    const canary = await scene.canary({}, { ...short, judging: { rollbackOn: [] }, cleanupMs: 0 });
    const [pid = 0] = await instancePids(scene, canary.version);
    process.kill(pid, "SIGKILL");
    const facts = await canary.until(...ends);
    expect(facts.at(-1)?.type).toBe("DeploymentCompleted");
    await nothingIsWrong();
  });

  test("gets no messages is held, says so, and goes neither on nor back until somebody decides", async () => {
    onTestFailed(() => console.error(scene.cluster.logs()));
    const canary = await scene.canary({}, { ...short, steps: [{ share: 0.25, watchMs: 500 }, { share: 1 }] });
    const facts = await canary.until("VerdictReached");
    expect(facts.at(-1)?.data).toMatchObject({ decision: "hold", verdict: { outcome: "inconclusive" } });
    expect(await publishCommand(scene.bus, agent, "abort", canary.deployment)).toMatchObject({ ok: true });
    await canary.until("DeploymentRolledBack");
  });
});

const takeBack = async ({ deployment }: StartedCanary): Promise<void> => {
  expect(await publishCommand(scene.bus, agent, "rollback", deployment)).toMatchObject({ ok: true });
};

describe("while a canary is taken back,", () => {
  const faults: readonly (readonly [string, (canary: StartedCanary) => Promise<void>])[] = [
    [
      "a router that is frozen through the whole of it",
      async (canary) => {
        scene.cluster.freeze("router");
        await takeBack(canary);
        await canary.until("DeploymentRolledBack");
        scene.cluster.thaw("router");
      },
    ],
    [
      "a process of the canary that is frozen through it",
      async (canary) => {
        const [pid = 0] = await instancePids(scene, canary.version);
        process.kill(pid, "SIGSTOP");
        await takeBack(canary);
      },
    ],
    [
      "nats-server that is gone for ten seconds",
      async (canary) => {
        const asked = takeBack(canary);
        await canary.until("RollbackStarted");
        await scene.cluster.nats.kill();
        await delay(goneMs);
        await scene.cluster.nats.restart();
        await asked;
      },
    ],
    [
      "kill -9 of both orchestrators",
      async (canary) => {
        await takeBack(canary);
        for (const name of ["orchestrator", "orchestrator-2"]) await scene.cluster.kill(name);
        for (const name of ["orchestrator", "orchestrator-2"]) await scene.cluster.restart(name);
      },
    ],
  ];

  test.each(wanted(faults))("%s loses, doubles and falsifies nothing", async (_what, strike) => {
    onTestFailed(() => console.error(scene.cluster.logs()));
    await scene.produce();
    const canary = await scene.canary({}, unjudged);
    await strike(canary);
    const facts = await canary.until(...ends);
    expect(facts.at(-1)?.type).toBe("DeploymentRolledBack");
    await nothingIsWrong();
  });
});

describe("in the middle of a step,", () => {
  const faults: readonly (readonly [string, () => Promise<void>])[] = [
    [
      "nats-server that is gone for ten seconds",
      async () => {
        await scene.cluster.nats.kill();
        await delay(goneMs);
        await scene.cluster.nats.restart();
      },
    ],
    [
      "both metrics-watchers killed and one started again",
      async () => {
        for (const name of ["metrics-watcher", "metrics-watcher-2"]) await scene.cluster.kill(name);
        await scene.cluster.restart("metrics-watcher");
      },
    ],
    [
      "an orchestrator at work that is frozen, then continued",
      async () => {
        scene.cluster.freeze("orchestrator");
        await delay(ackWaitMs * 1.5);
        scene.cluster.thaw("orchestrator");
      },
    ],
  ];

  test.each(wanted(faults))("%s changes nothing about the end", async (_what, strike) => {
    onTestFailed(() => console.error(scene.cluster.logs()));
    await scene.produce();
    const judging = {
      rollbackOn: [{ metric: "error_rate", comparison: ">", threshold: { kind: "absolute", value: 0.3 } }],
    } as const;
    const canary = await scene.canary({}, { ...short, judging: { rollbackOn: [...judging.rollbackOn] }, cleanupMs: 0 });
    await strike();
    const facts = await canary.until(...ends);
    expect(facts.at(-1)?.type).toBe("DeploymentCompleted");
    await nothingIsWrong();
  });
});

test.runIf(isLong)(
  "twenty taken back by themselves and twenty by hand in a row lose, double and dead-letter nothing",
  async () => {
    onTestFailed(() => console.error(scene.cluster.logs()));
    await scene.produce();
    for (let count = 0; count < 20; count += 1) {
      const bad = await scene.canary({ fault: "throw", every: 2 }, quarter);
      expect((await bad.until(...ends)).at(-1)?.type).toBe("DeploymentRolledBack");
      const good = await scene.canary({}, unjudged);
      await takeBack(good);
      expect((await good.until(...ends)).at(-1)?.type).toBe("DeploymentRolledBack");
    }
    await nothingIsWrong();
  },
  600_000,
);
