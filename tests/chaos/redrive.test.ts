import { isDeepStrictEqual } from "node:util";
import { decodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { redriveRecord } from "@caxton/contracts/redrive";
import {
  deploymentStream,
  deploymentSubject,
  header,
  inboxStream,
  inboxSubject,
  outcomeStream,
  redriveBucket,
  redriveKey,
} from "@caxton/contracts/subjects";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import { livingServices } from "../../libs/service/src/presence.ts";
import { publishCommand } from "../harness/deployer.ts";
import { isLong } from "../harness/long.ts";
import { readCatalogue } from "../harness/producer.ts";
import { type CanaryScene, openCanaryScene, type StartedCanary } from "./canary-scene.ts";
import { parsePrometheus } from "../telemetry/prometheus.ts";
import { agent } from "./scene.ts";

/** The canary is meant for half of them. */
const messages = isLong ? 200_000 : 4_000;
const atOnce = 500;
const longMs = 3_600_000;
let scene: CanaryScene;
let back: StartedCanary;

beforeAll(async () => {
  scene = await openCanaryScene(1, { env: { CAXTON_HEALTH_PORT: "0" } });
  back = await scene.canary(
    {},
    { steps: [{ share: 0.5, watchMs: longMs }, { share: 1 }], judging: { rollbackOn: [] } },
  );
  await accept(scene.bus);
  await publishCommand(scene.bus, agent, "rollback", back.deployment);
  await back.until("DeploymentRolledBack");
}, 600_000);
afterAll(() => scene.close(), 60_000);

/** Resolves when all of them are decided. */
async function accept(bus: Bus): Promise<void> {
  const bodies = await readCatalogue();
  for (let sent = 0; sent < messages; sent += atOnce) {
    const some = Array.from({ length: atOnce }, (_, n) => {
      const item = sent + n;
      const body = (bodies[item % bodies.length] ?? "").replace("{", `{"item":${item},`);
      return bus.store(inboxSubject(agent), Buffer.from(body), { headers: { [header.kind]: "event" } });
    });
    await Promise.all(some);
    await decided(bus, sent + atOnce);
  }
}

/** Resolves when so many messages were decided. */
async function decided(bus: Bus, count: number): Promise<void> {
  const range = { fromSequence: count, headersOnly: true };
  for await (const _ of bus.streams.follow(outcomeStream(agent), range)) return;
}

/** Resolves when so many messages of the version lie in the inbox again. */
async function sentAgain(bus: Bus, count: number): Promise<void> {
  const range = { fromSequence: messages + count, headersOnly: true };
  for await (const _ of bus.streams.follow(inboxStream(agent), range)) return;
}

/** `<epoch>/<sequence>` of what the version handled. */
async function handledBy(bus: Bus, version: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { data } of bus.streams.read(outcomeStream(agent))) {
    const outcome = decodeJson(data);
    if (typeof outcome !== "object" || outcome === null || !("version" in outcome) || outcome.version !== version)
      continue;
    if ("epoch" in outcome && "sequence" in outcome) found.push(`${String(outcome.epoch)}/${String(outcome.sequence)}`);
  }
  return found;
}

/** The same of what inbox messages repeat. */
async function repeated(bus: Bus): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { headers } of bus.streams.read(inboxStream(agent), { headersOnly: true })) {
    const repeats = headers[header.repeats];
    if (repeats !== undefined) found.push(repeats);
  }
  return found;
}

/** Kills both orchestrators when so many lie in the inbox again, and starts them anew. */
async function killAmid(count: number): Promise<void> {
  await sentAgain(scene.bus, Math.floor(count));
  const both = ["orchestrator", "orchestrator-2"];
  await Promise.all(both.map((name) => scene.cluster.kill(name)));
  await Promise.all(both.map((name) => scene.cluster.restart(name)));
}

/** Resolves when the redrive says that it waits. */
async function waiting(bus: Bus): Promise<void> {
  const records = await bus.kv(redriveBucket);
  for await (const change of records.watch({ key: redriveKey(agent, back.deployment) })) {
    if (change.type === "put" && redriveRecord.check(decodeJson(change.entry.value)).waiting !== undefined) return;
  }
}

/** What each orchestrator that runs says of one metric of the version's. */
async function metricOf(name: string, more: object = {}): Promise<readonly number[]> {
  const found = await livingServices(scene.bus, "orchestrator");
  const texts = await Promise.all(found.map(async ({ healthUrl }) => (await fetch(`${healthUrl}/metrics`)).text()));
  return texts
    .flatMap((text) => parsePrometheus(text))
    .filter((one) => one.name === name)
    .filter(({ labels }) => isDeepStrictEqual(labels, { agent, version: "v2", version_id: back.version, ...more }))
    .map(({ value }) => value);
}

/** Resolves when the redrive with this number is over. */
async function finished(bus: Bus, number: number): Promise<void> {
  const filterSubject = deploymentSubject(agent, back.deployment, "RedriveFinished");
  for await (const { data } of bus.streams.follow(deploymentStream, { filterSubject })) {
    if (Buffer.from(data).toString().includes(`"number":${number},`)) return;
  }
}

test(
  "a redrive whose orchestrators are killed again and again, and which is stopped once, sends each message once",
  { timeout: isLong ? 900_000 : 120_000 },
  async () => {
    const { bus, cluster } = scene;
    onTestFailed(() => console.error(cluster.logs()));
    const due = await handledBy(bus, back.version);
    expect(due.length).toBeGreaterThan(1_500);
    const ask = (more: object = {}) =>
      publishCommand(bus, agent, "redrive", back.deployment, { reason: "wrong", ...more });

    expect(await ask({ limit: 100 })).toMatchObject({ ok: true });
    await finished(bus, 1);
    expect(await repeated(bus)).toEqual(due.slice(0, 100));
    expect(await metricOf("caxton_redrive_messages_total", { result: "redriven" })).toEqual([100]);
    expect(await metricOf("caxton_redrive_messages_total", { result: "already" })).toEqual([0]);
    expect(await metricOf("caxton_redrive_under_way")).toEqual([]);

    // Nobody takes messages: once a thousand wait it waits too, and is there to be stopped.
    for (const name of ["router", "router-2"]) cluster.freeze(name);
    expect(await ask()).toMatchObject({ ok: true });
    for (const count of [300, 700]) await killAmid(count);
    await waiting(bus);
    expect(await metricOf("caxton_redrive_under_way")).toEqual([1, 1]);
    expect(await metricOf("caxton_redrive_waiting")).toEqual([1, 1]);
    expect(await ask({ stop: true })).toMatchObject({ ok: true });
    await back.until("RedriveStopped");
    for (const name of ["router", "router-2"]) cluster.thaw(name);
    expect(await ask()).toMatchObject({ ok: true });
    await killAmid(due.length * 0.9);
    await finished(bus, 3);

    const all = await repeated(bus);
    expect(all).toHaveLength(due.length);
    expect(all.toSorted()).toEqual(due.toSorted());
    const entry = await (await bus.kv(redriveBucket)).get(redriveKey(agent, back.deployment));
    const record = entry && redriveRecord.check(decodeJson(entry.value));
    expect(record).toMatchObject({ number: 3, tally: { already: 0, gone: 0, unknown: 0, unfit: 0 } });
    console.log(`${due.length} messages redriven, orchestrators killed 3 times, stopped once`);

    const report = await scene.audit();
    expect(report).toMatchObject({
      accepted: messages + due.length,
      handled: messages + due.length,
      lost: 0,
      pending: 0,
      duplicateOutcomes: 0,
      duplicateOutputs: 0,
      missingOutputs: 0,
      wrongOutputs: 0,
      findings: [],
    });
  },
);

test("what is done is not done again", async () => {
  const { bus } = scene;
  const before = (await repeated(bus)).length;
  expect(await publishCommand(bus, agent, "redrive", back.deployment)).toMatchObject({ ok: true });
  await finished(bus, 4);
  expect(await repeated(bus)).toHaveLength(before);
});
