import { randomUUID } from "node:crypto";
import { connectBus } from "@caxton/bus/connect";
import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { commandAnswer, type CommandAnswer } from "@caxton/contracts/command-answer";
import { commandMaxBytes } from "@caxton/contracts/limits";
import {
  answerStream,
  answerSubject,
  artifactBucket,
  commandSubject,
  deploymentStream,
  deploymentSubject,
} from "@caxton/contracts/subjects";
import { openEventStore } from "@caxton/event-store/open";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, startCluster } from "../harness/cluster.ts";

// An orchestrator alone: nobody validates, so what is accepted stays Validating.
const principal = "ops";
const digest = "a".repeat(64);
let cluster: Cluster;
let bus: Bus;

beforeAll(async () => {
  cluster = await startCluster({ services: ["orchestrator"] });
  bus = await connectBus({ url: cluster.nats.url, name: "orchestrator test" });
  await (await bus.objects(artifactBucket)).put(digest, new Blob(["not looked into here"]).stream());
});

afterAll(async () => {
  await bus.close();
  await cluster.stop();
});

const deployBody = () => ({ id: randomUUID(), deployment: randomUUID(), artifact: { digest } });

/** Publishes a command and waits for what is answered to its `answerTo`. */
async function command(agent: string, verb: string, body: unknown, answerTo: string): Promise<CommandAnswer> {
  const data = typeof body === "string" ? new TextEncoder().encode(body) : encodeJson(body);
  const { promise, resolve } = Promise.withResolvers<CommandAnswer>();
  const subscription = bus.subscribe(answerSubject(principal, answerTo), ({ data: answer }) =>
    resolve(commandAnswer.check(decodeJson(answer))),
  );
  await subscription.ready;
  await bus.store(commandSubject(principal, agent, verb), data);
  const answer = await promise;
  subscription.close();
  return answer;
}

async function storedEvents(agent: string): Promise<readonly string[]> {
  const store = await openEventStore(bus);
  const events = await Array.fromAsync(store.read(`agent-${agent}`));
  return events.map(({ type }) => type);
}

const started = ["DeploymentRequested", "DeploymentStarted"];

describe("a command on the bus", () => {
  it("is answered when its events are stored, and they are published as CloudEvents afterwards", async () => {
    const body = deployBody();
    expect(await command("first", "deploy", body, body.id)).toEqual({
      commandId: body.id,
      ok: true,
      agent: "first",
      verb: "deploy",
      deployment: body.deployment,
      state: "Validating",
      sequence: 1,
      receivedAt: expect.stringMatching(/^\d{4}-/),
    });
    expect(await storedEvents("first")).toEqual(started);
    const published: unknown[] = [];
    const filterSubject = deploymentSubject("first", body.deployment, "*");
    for await (const { data } of bus.streams.follow(deploymentStream, { filterSubject })) {
      published.push(decodeJson(data));
      if (published.length === started.length) break;
    }
    expect(published).toMatchObject(
      started.map((type, revision) => ({
        specversion: "1.0",
        type: `caxton.deployment.${type}.v${type === "DeploymentRequested" ? 2 : 1}`,
        subject: body.deployment,
        stream: "agent-first",
        revision,
        actor: principal,
        commandid: body.id,
      })),
    );
  });

  it("given twice is done once, also across kill -9 of the orchestrator and of nats-server", async () => {
    const body = deployBody();
    const once = await command("twice", "deploy", body, body.id);
    expect(await command("twice", "deploy", body, body.id)).toMatchObject({ ...once, repeated: 1 });
    await cluster.kill("orchestrator");
    await cluster.nats.kill("SIGKILL");
    await cluster.nats.restart();
    await cluster.restart("orchestrator");
    // The server may have forgotten acknowledgements, so that earlier ones are answered first, once more.
    expect(await command("twice", "deploy", body, body.id)).toMatchObject(once);
    const sameDeployment = { ...body, id: randomUUID() };
    expect(await command("twice", "deploy", sameDeployment, sameDeployment.id)).toMatchObject({ ok: true });
    expect(await storedEvents("twice")).toEqual(started);
  });

  it("that was published while no orchestrator ran is answered by the next one", async () => {
    await cluster.kill("orchestrator");
    const body = deployBody();
    await bus.store(commandSubject(principal, "later", "deploy"), encodeJson(body));
    const following = bus.streams.follow(answerStream, { filterSubject: answerSubject(principal, body.id) });
    await cluster.restart("orchestrator");
    for await (const { data } of following) {
      expect(commandAnswer.check(decodeJson(data))).toMatchObject({ ok: true, deployment: body.deployment });
      break;
    }
  });

  it("with an id that was used for something else gets the first one's answer, which says so", async () => {
    const body = deployBody();
    const once = await command("reused", "deploy", body, body.id);
    const other = { id: body.id, deployment: body.deployment };
    expect(await command("reused", "abort", other, body.id)).toMatchObject({
      ...once,
      repeated: 1,
      differed: true,
    });
    expect(await storedEvents("reused")).toEqual(started);
  });

  const missing = () => ({ ...deployBody(), artifact: { digest: "b".repeat(64) } });
  const late = () => ({ ...deployBody(), expiresAt: "2020-01-01T00:00:00Z" });
  const deeplyNested = () => ({ ...deployBody(), configuration: JSON.parse("[".repeat(5_000) + "]".repeat(5_000)) });
  const longNamed = () => ({ ...deployBody(), ["x".repeat(100_000)]: 1 });
  const abort = () => ({ id: randomUUID(), deployment: randomUUID() });
  it.each([
    ["an artifact nobody uploaded", "refused", "deploy", missing, "unknown-artifact"],
    ["a bad agent name", "Refused", "deploy", deployBody, "invalid-agent-name"],
    ["its time gone by", "refused", "deploy", late, "command-expired"],
    ["a word nobody knows", "refused", "deploy", () => ({ ...deployBody(), sharre: 5 }), "invalid-command"],
    ["a verb nobody knows", "refused", "explode", deployBody, "invalid-command"],
    ["a subject with too many parts", "refused", "deploy.now", deployBody, "invalid-command"],
    ["JSON nested too deep to walk through", "refused", "deploy", deeplyNested, "invalid-command"],
    ["a field whose name would not fit into an answer", "refused", "deploy", longNamed, "invalid-command"],
    ["an agent nobody deployed", "nobody", "abort", abort, "unknown-agent"],
    ["a deployment nobody asked for", "first", "rollback", abort, "unknown-deployment"],
  ])("is refused for %s, and nothing is stored", async (_why, agent, verb, make, code) => {
    const body = make();
    const before = await storedEvents("first");
    expect(await command(agent, verb, body, body.id)).toMatchObject({ ok: false, error: { code } });
    expect(await storedEvents("first")).toEqual(before);
    await expect(storedEvents("refused")).rejects.toMatchObject({ code: "stream-not-found" });
  });

  it("that is not even JSON is answered under its sequence and does not stop those behind it", async () => {
    const next = (await bus.streams.info("CAXTON_COMMANDS"))?.lastSequence ?? 0;
    const answer = await command("refused", "deploy", '{"id":', `seq-${next + 1}`);
    expect(answer).toMatchObject({ ok: false, error: { code: "invalid-command" } });
    const body = deployBody();
    expect(await command("behind", "deploy", body, body.id)).toMatchObject({ ok: true });
  });

  it("that is larger than the stream takes is refused by the server at once, and answered all the same", async () => {
    const body = { ...deployBody(), configuration: "x".repeat(commandMaxBytes) };
    const answers = bus.streams.follow(answerStream, { filterSubject: answerSubject(principal, body.id) });
    await expect(bus.store(commandSubject(principal, "large", "deploy"), encodeJson(body))).rejects.toMatchObject({
      code: "message-too-large",
    });
    for await (const { data } of answers) {
      const answer = commandAnswer.check(decodeJson(data));
      expect(answer).toMatchObject({ ok: false, agent: "large", error: { code: "message-too-large" } });
      expect(answer.sequence).toBeUndefined();
      break;
    }
  });

  it("of two deployments lets the second wait, and starts it when the first is taken back", async () => {
    const [first, second] = [deployBody(), deployBody()];
    await command("queue", "deploy", first, first.id);
    const waiting = { ...second, configuration: { another: true } };
    expect(await command("queue", "deploy", waiting, second.id)).toMatchObject({ ok: true, state: "Queued" });
    const id = randomUUID();
    const taken = { id, deployment: first.deployment, reason: "wrong file" };
    expect(await command("queue", "abort", taken, id)).toMatchObject({ ok: true, state: "RolledBack" });
    expect(await storedEvents("queue")).toEqual([
      ...started,
      "DeploymentRequested",
      "DeploymentRolledBack",
      "DeploymentStarted",
    ]);
  });
});
