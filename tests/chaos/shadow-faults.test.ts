import process from "node:process";
import { decodeJson } from "@caxton/bus/json";
import { defaultLeaseTtlMs } from "@caxton/bus/lease";
import { slotTtlMs } from "@caxton/contracts/placement";
import { type ShadowReport, shadowRecord } from "@caxton/contracts/shadow";
import {
  leaseBucket,
  outcomeStream,
  shadowBucket,
  shadowKey,
  shadowLeaseKey,
  shadowReportBucket,
  slotBucket,
} from "@caxton/contracts/subjects";
import { afterAll, beforeAll, describe, expect, onTestFailed, test } from "vitest";
import { publishAny } from "../harness/deployer.ts";
import { isAlive } from "../harness/is-alive.ts";
import { isLong } from "../harness/long.ts";
import { type CanaryScene, openCanaryScene } from "./canary-scene.ts";
import { agent, instancePids } from "./scene.ts";
import { nothingWrong } from "./verdict.ts";

const behindMaxMs = 10_000;
let scene: CanaryScene;

beforeAll(async () => {
  const env = { CAXTON_SHADOW_BEHIND_MAX_MS: String(behindMaxMs) };
  scene = await openCanaryScene(1, { services: ["shadow", "shadow"], env });
}, 120_000);
afterAll(() => scene.close());

async function nothingIsWrong(): Promise<void> {
  expect(await scene.audit()).toMatchObject(nothingWrong);
}

/** Resolves with the first that is so. */
async function reportWhere(deployment: string, isSo: (report: ShadowReport) => boolean): Promise<ShadowReport> {
  const bucket = await scene.bus.kv(shadowReportBucket);
  const signal = AbortSignal.timeout(60_000);
  for await (const change of bucket.watch({ key: shadowKey(agent, deployment), signal })) {
    if (change.type === "delete") continue;
    const { report } = shadowRecord.check(decodeJson(change.entry.value));
    if (isSo(report)) return report;
  }
  throw new Error(`the report of ${deployment} never was so\n${scene.cluster.logs()}`);
}

const ended = ({ ending }: ShadowReport): boolean => ending !== undefined;

/** The process that compares and the service that started it, by the service's log. */
function runnerOf(deployment: string): { readonly pid: number; readonly service: string } {
  const lines = scene.cluster.logs().split("\n");
  const last = lines.findLast((line) => line.includes("shadow under way") && line.includes(deployment)) ?? "";
  return { pid: Number(/"pid":(\d+)/.exec(last)?.[1]), service: /"id":"([^"]+)"/.exec(last)?.[1] ?? "" };
}

async function outcomesBetween(fromMs: number, toMs: number): Promise<number> {
  let count = 0;
  for await (const { storedAtMs } of scene.bus.streams.read(outcomeStream(agent), { headersOnly: true })) {
    if (storedAtMs >= fromMs && storedAtMs < toMs) count += 1;
  }
  return count;
}

/** What there is on the bus of a shadow that is at work. */
async function leftOf(deployment: string, version: string): Promise<readonly string[]> {
  const { bus } = scene;
  return [
    ...(await (await bus.kv(shadowBucket)).keys(shadowKey(agent, deployment))),
    ...(await (await bus.kv(slotBucket, { ttlMs: slotTtlMs })).keys(`${agent}.${version}.*`)),
    ...(await (await bus.kv(leaseBucket, { ttlMs: defaultLeaseTtlMs })).keys(shadowLeaseKey(agent, deployment))),
  ];
}

describe("a shadow", () => {
  test("that hangs on all messages is cut off, and its report says what it missed", async () => {
    onTestFailed(() => console.error(scene.cluster.logs()));
    await scene.produce();
    const shadow = await scene.shadow({ fault: "loop" }, { durationMs: 600_000 });
    const { deployment } = shadow;
    const facts = await shadow.until("DeploymentRetired");
    expect(facts.find(({ type }) => type === "ShadowEnded")?.data).toMatchObject({ cause: "behind" });
    const { ending, missed, failures } = await reportWhere(deployment, ended);
    expect(ending?.message).toMatch(/s behind the live version, 10 s are allowed$/);
    expect(missed.behind + missed.unanswered).toBeGreaterThan(500);
    expect(failures[0]?.code ?? "agent-timeout").toBe("agent-timeout");
    await nothingIsWrong();
  });

  test("goes on where it was when its process, its runner and its service are killed, beside whichever version is live", async () => {
    onTestFailed(() => console.error(scene.cluster.logs()));
    const producer = await scene.produce();
    const shadow = await scene.shadow({}, { durationMs: 15_000 });
    const { deployment, version } = shadow;
    const more = async (): Promise<void> => {
      const { messages } = await reportWhere(deployment, () => true);
      await reportWhere(deployment, ({ messages: { compared } }) => compared > messages.compared + 100);
    };
    await more();
    for (const pid of await instancePids(scene, version)) process.kill(pid, "SIGKILL");
    await reportWhere(deployment, ({ instances }) => instances.restarts > 0);
    await more();
    process.kill(runnerOf(deployment).pid, "SIGKILL");
    await more();
    await scene.replaceLive();
    const { service } = runnerOf(deployment);
    await scene.cluster.kill(service);
    await producer.reached(producer.acknowledged.length + 400);
    await scene.cluster.restart(service);
    const report = await reportWhere(deployment, ended);
    await shadow.until("DeploymentRetired");
    expect(report.ending?.cause).toBe("over");
    expect(report.perLive.map(({ compared }) => compared > 0)).toEqual([true, true]);
    const { messages, startedAtMs, endsAtMs, missed } = report;
    expect(messages.read).toBe(await outcomesBetween(startedAtMs, endsAtMs));
    expect(messages.compared + messages.failed + messages.missed + messages.notHandled).toBe(messages.read);
    expect(messages.different).toBe(0);
    expect(missed.trimmed).toBe(0);
    await nothingIsWrong();
  });

  test("beside an agent that is undeployed ends with it, through kill -9 of both orchestrators, and nothing of it is left", async () => {
    onTestFailed(() => console.error(scene.cluster.logs()));
    const { bus, cluster } = scene;
    await scene.produce();
    const live = await scene.ask();
    await live.until("DeploymentCompleted");
    const shadow = await scene.shadow({}, { durationMs: 600_000 });
    const { deployment, version } = shadow;
    await reportWhere(deployment, ({ messages: { compared } }) => compared > 100);
    const { pid: runnerPid } = runnerOf(deployment);
    const pids = [runnerPid, ...(await instancePids(scene, version))];
    expect(pids.filter(isAlive)).toHaveLength(2);
    const orchestrators = ["orchestrator", "orchestrator-2"];
    expect(await publishAny(bus, agent, "undeploy", { inbox: "drain", reason: "wound up" })).toMatchObject({
      ok: true,
    });
    for (const name of orchestrators) await cluster.kill(name);
    for (const name of orchestrators) await cluster.restart(name);
    const facts = await shadow.until("DeploymentRetired");
    const undeployed = (await live.until("AgentUndeployed")).at(-1);
    const { ending, endedAtMs, messages, startedAtMs } = await reportWhere(deployment, ended);
    expect(ending).toEqual({
      cause: "undeployed",
      message: "its agent was undeployed and everything until then is compared",
    });
    expect(facts.find(({ type }) => type === "ShadowEnded")?.data).toMatchObject({
      cause: "undeployed",
      summary: { compared: messages.compared, equal: messages.compared },
    });
    expect(messages.read).toBe(await outcomesBetween(startedAtMs, Number(undeployed?.data["atMs"])));
    expect(messages.read).toBe(await outcomesBetween(startedAtMs, endedAtMs ?? 0));
    expect(messages).toMatchObject({
      different: 0,
      failed: 0,
      missed: 0,
      compared: messages.read - messages.notHandled,
    });
    expect(await leftOf(deployment, version)).toEqual([]);
    await expect.poll(() => pids.filter(isAlive)).toEqual([]);
    // What the producer has in its hands finds nobody until then.
    await (await scene.ask()).until("DeploymentCompleted");
    await nothingIsWrong();
  });

  test.runIf(isLong)("that eats memory touches nothing else, and its report says on which messages", async () => {
    onTestFailed(() => console.error(scene.cluster.logs()));
    await scene.produce();
    const { deployment } = await scene.shadow({ fault: "eat", every: 97 }, { durationMs: 8_000 });
    const { failures, messages, ending } = await reportWhere(deployment, ended);
    expect(["over", "behind"]).toContain(ending?.cause);
    expect(messages.compared).toBeGreaterThan(100);
    expect(failures.map(({ code }) => code)).toEqual([expect.stringMatching(/^agent-(trap|crash|timeout)$/)]);
    await nothingIsWrong();
  });
});
