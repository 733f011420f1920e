import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import { publishCommand } from "../harness/deployer.ts";
import { type CanaryScene, openCanaryScene } from "./canary-scene.ts";
import { agent } from "./scene.ts";
import { nothingWrong } from "./verdict.ts";

const durationMs = 6_000;
const perSecond = 400;
let scene: CanaryScene;

beforeAll(async () => {
  scene = await openCanaryScene(2);
}, 120_000);
afterAll(() => scene.close());

test("an A/B test whose routers, watchers and orchestrators are killed counts every message of its time, and loses none", async () => {
  const { cluster, bus } = scene;
  onTestFailed(() => console.error(cluster.logs()));
  const producer = await scene.produce();
  await producer.reached(perSecond);
  const tested = await scene.ab({}, { durationMs, measure: { kind: "rate", output: "alert", better: "higher" } });
  for (const name of ["router", "metrics-watcher", "metrics-watcher-2", "orchestrator", "orchestrator-2"]) {
    await cluster.kill(name);
    await cluster.restart(name);
  }
  const facts = await tested.until("ApprovalAwaited");
  const reports = facts.flatMap(({ type, data }) => (type === "ExperimentConcluded" ? [data["report"]] : []));
  expect(reports).toHaveLength(1);
  const { tally } = reports[0] as {
    readonly tally: {
      readonly leftOut: number;
    } & Readonly<Record<"stable" | "candidate", { readonly messages: number; readonly samples: number }>>;
  };
  const { stable, candidate, leftOut } = tally;
  // All of its time, although nobody counted from its beginning to its end; what waited for a router comes late.
  expect(stable.messages + candidate.messages + leftOut).toBeGreaterThan((durationMs / 1_000) * perSecond * 0.6);
  expect(candidate.messages).toBeGreaterThan(stable.messages * 0.6);
  for (const { messages, samples } of [stable, candidate]) expect(samples).toBe(messages);

  await cluster.kill("orchestrator");
  const answer = publishCommand(bus, agent, "promote", tested.deployment, { reason: "as good" });
  await cluster.restart("orchestrator");
  expect(await answer).toMatchObject({ ok: true });
  await tested.until("DeploymentCompleted");
  expect(await scene.audit()).toMatchObject(nothingWrong);
});
