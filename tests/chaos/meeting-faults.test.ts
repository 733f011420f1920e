import type { CommandAnswer } from "@caxton/contracts/command-answer";
import type { CommandVerb } from "@caxton/contracts/commands";
import { readDeploymentEvent } from "@caxton/contracts/event-upcast";
import { agentStream } from "@caxton/contracts/names";
import { evolve } from "@caxton/deployment/evolve";
import { type AgentState, initialState } from "@caxton/deployment/state";
import { openEventStore } from "@caxton/event-store/open";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import { publishAny } from "../harness/deployer.ts";
import { type CanaryScene, ends, openCanaryScene } from "./canary-scene.ts";
import { agent } from "./scene.ts";
import { nothingWrong } from "./verdict.ts";

const history = 400;
const orchestrators = ["orchestrator", "orchestrator-2"];
const long = 600_000;

let scene: CanaryScene;

beforeAll(async () => {
  scene = await openCanaryScene();
}, 120_000);
afterAll(() => scene.close());

async function underTraffic(): Promise<void> {
  onTestFailed(() => console.error(scene.cluster.logs()));
  const producer = await scene.produce();
  await producer.reached(producer.acknowledged.length + history);
}

const command = (verb: CommandVerb, body: object, principal?: string): Promise<CommandAnswer> =>
  publishAny(scene.bus, agent, verb, body, principal);

/** Folded from what is stored. */
async function stateNow(): Promise<AgentState> {
  const store = await openEventStore(scene.bus);
  const stored = await Array.fromAsync(store.read(agentStream(agent)));
  await store.close();
  return stored.flatMap((event) => readDeploymentEvent(event) ?? []).reduce(evolve, initialState);
}

async function killOrchestrators(): Promise<void> {
  for (const name of orchestrators) await scene.cluster.kill(name);
  for (const name of orchestrators) await scene.cluster.restart(name);
}

test("supersede in the middle of a rollback, with kill -9 of both orchestrators: it waits for the end of it, and is next", async () => {
  await underTraffic();
  // What it has in flight when it is aborted keeps the rollback going until the next command is there.
  const canary = await scene.canary(
    { fault: "slow", every: 1, ms: 800 },
    { steps: [{ share: 0.25, watchMs: long }, { share: 1 }], judging: { rollbackOn: [] } },
  );
  const waiting = await scene.ask();
  await waiting.until("DeploymentRequested");
  expect(await command("abort", { deployment: canary.deployment })).toMatchObject({ ok: true });
  const urgent = await scene.ask({ onConflict: "supersede" });
  // One that an orchestrator took with it comes again after five seconds, when another may have its turn.
  await urgent.until("DeploymentRequested");
  await killOrchestrators();
  await canary.until("DeploymentRolledBack");
  const [, started] = await urgent.until("DeploymentStarted");
  expect((await urgent.until(...ends)).at(-1)?.type).toBe("DeploymentCompleted");
  const [, later] = await waiting.until("DeploymentStarted");
  expect(Number(started?.data["atMs"])).toBeLessThan(Number(later?.data["atMs"]));
  expect((await waiting.until(...ends)).at(-1)?.type).toBe("DeploymentCompleted");
  expect(await scene.audit()).toMatchObject(nothingWrong);
});

test("ten people move the same line at once, with kill -9 of an orchestrator: one wins, nine are told", async () => {
  await underTraffic();
  const canary = await scene.canary({}, { steps: [{ share: 0.25, watchMs: long }, { share: 1 }] });
  const waiting = await Promise.all([scene.ask(), scene.ask(), scene.ask()]);
  await Promise.all(waiting.map((one) => one.until("DeploymentRequested")));
  // Two orchestrators take what is asked for at once in whichever order.
  const { queue, queueRevision } = await stateNow();
  const moves = Array.from({ length: 10 }, (_, n) =>
    command("move", { deployment: queue[1 + (n % 2)], place: 1, queueRevision }, `person-${n}`),
  );
  await scene.cluster.kill("orchestrator");
  const answers = await Promise.all(moves);
  await scene.cluster.restart("orchestrator");
  const won = answers.filter(({ ok }) => ok);
  const told = answers.filter((answer) => !answer.ok && answer.error.code === "stale-queue");
  expect([won.length, told.length]).toEqual([1, 9]);
  for (const { deployment } of waiting) expect(await command("cancel", { deployment })).toMatchObject({ ok: true });
  expect(await command("abort", { deployment: canary.deployment })).toMatchObject({ ok: true });
  await canary.until("DeploymentRolledBack");
  expect(await scene.audit()).toMatchObject(nothingWrong);
});

test.each([
  ["drain", "both orchestrators", killOrchestrators],
  [
    "keep",
    "a router",
    async () => {
      await scene.cluster.kill("router");
      await scene.cluster.restart("router");
    },
  ],
] as const)(
  "undeploy (%s) under traffic with kill -9 of %s loses nothing, and a later deployment goes on",
  async (inbox, _whom, strike) => {
    await underTraffic();
    const producer = await scene.produce();
    const live = await scene.ask();
    await live.until("DeploymentCompleted");
    const answered = command("undeploy", { inbox, reason: "wound up" });
    await strike();
    expect(await answered).toMatchObject({ ok: true });
    await live.until("AgentUndeployed");
    const before = producer.acknowledged.length;
    const again = await scene.ask();
    await again.until("DeploymentCompleted");
    await producer.reached(before + history);
    expect(await scene.audit()).toMatchObject(nothingWrong);
  },
);

test("undeploy (dead-letter) of what a hold left, with kill -9 of both orchestrators and a router: all of it is kept for who wants it", async () => {
  await underTraffic();
  const producer = await scene.produce();
  const live = await scene.ask();
  await live.until("DeploymentCompleted");
  expect(await command("hold", { reason: "so that something is left" })).toMatchObject({ ok: true });
  await producer.reached(producer.acknowledged.length + history);
  const answered = command("undeploy", { inbox: "dead-letter", reason: "wound up" });
  await killOrchestrators();
  await scene.cluster.kill("router");
  await scene.cluster.restart("router");
  expect(await answered).toMatchObject({ ok: true });
  await live.until("AgentUndeployed");
  const again = await scene.ask();
  await again.until("DeploymentCompleted");
  const report = await scene.audit();
  expect(report).toMatchObject({ ...nothingWrong, deadLettered: expect.any(Number) });
  // What came in before the hold was known everywhere is handled, and what after the deployment.
  expect(report.deadLettered).toBeGreaterThan(history / 2);
});
