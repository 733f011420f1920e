import { randomUUID } from "node:crypto";
import { encodeJson } from "@caxton/bus/json";
import { artifactBucket, commandSubject } from "@caxton/contracts/subjects";
import { commandMaxBytes } from "@caxton/contracts/limits";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cluster, startCluster } from "../harness/cluster.ts";
import { type GatewayUnderTest, startGatewayUnderTest } from "./gateway-harness.ts";

const digest = "d".repeat(64);
type Request = Parameters<GatewayUnderTest["operations"]["listCommands"]>[0];

describe("commands as an operator sees them", () => {
  let under: GatewayUnderTest;
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster({ services: ["orchestrator"] });
    under = await startGatewayUnderTest(10_000, cluster.nats);
    await (await under.bus.objects(artifactBucket)).put(digest, new Blob(["not looked into here"]).stream());
  });
  afterAll(async () => {
    await under[Symbol.asyncDispose]();
    await cluster.stop();
  });

  /** What is listed, once `enough` of it is there and answered. */
  async function listed(request: Request, enough: number) {
    const leave = new AbortController();
    const found = [];
    for await (const entry of under.operations.listCommands({ follow: true, ...request }, { signal: leave.signal })) {
      if (entry.result !== "waiting") found.push(entry);
      if (found.length === enough) break;
    }
    leave.abort();
    return found;
  }
  const publish = (to: string, body: unknown): Promise<unknown> =>
    under.bus.store(to, typeof body === "string" ? new TextEncoder().encode(body) : encodeJson(body));
  const deploy = () => ({ id: randomUUID(), deployment: randomUUID(), artifact: { digest }, actor: "Ada" });

  test("are listed with who asked, what for, and what was answered, also where it was no proper command", async () => {
    const good = deploy();
    await publish(commandSubject("ops", "quake", "deploy"), good);
    const late = { ...deploy(), expiresAt: "2020-01-01T00:00:00Z" };
    await publish(commandSubject("ci", "quake", "deploy"), late);
    await publish(commandSubject("ci", "quake", "deploy"), '{"id": "broken');
    await publish(commandSubject("ci", "other", "explode"), deploy());
    await publish("caxton.commands.ci.quake", deploy());
    const large = { ...deploy(), configuration: "x".repeat(commandMaxBytes) };
    await expect(publish(commandSubject("ci", "quake", "deploy"), large)).rejects.toThrow(/message/);

    // What the stream refused comes by another way, so it may be answered before the others.
    const all = await listed({}, 6);
    expect(all.find(({ id }) => id === good.id)).toMatchObject({
      principal: "ops",
      agent: "quake",
      verb: "deploy",
      actor: "Ada",
      result: "accepted",
      deploymentId: good.deployment,
      deploymentState: "Validating",
      sequence: 1,
      repeated: 0,
    });
    const refusals = await listed({ refused: true, principal: "ci" }, 5);
    expect(new Set(refusals.map(({ id, agent, verb, errorCode }) => [id, agent, verb, errorCode].join(" ")))).toEqual(
      new Set([
        `${late.id} quake deploy command-expired`,
        "seq-3 quake deploy invalid-command",
        `${all.find(({ verb }) => verb === "explode")?.id} other explode invalid-command`,
        `${all.find(({ verb }) => verb === "")?.id} quake  invalid-command`,
        `${large.id} quake deploy message-too-large`,
      ]),
    );
    expect(refusals.find(({ id }) => id === "seq-3")?.errorMessage).toContain(`'{"id": "broken'`);
    expect(await listed({ agent: "oth" }, 1)).toMatchObject([{ agent: "other", result: "refused" }]);
  });

  test("that come again are one, with how often; those that mean something else count as refused", async () => {
    const body = deploy();
    await publish(commandSubject("twice", "again", "deploy"), body);
    await publish(commandSubject("twice", "again", "deploy"), body);
    await publish(commandSubject("twice", "again", "deploy"), { ...body, reason: "another" });
    const [entry] = await listed({ principal: "twice", refused: true }, 1);
    expect(entry).toMatchObject({ id: body.id, result: "accepted", repeated: 2, differed: true });
  });

  test("that nobody answered yet wait, and are told as answered once somebody did", async () => {
    await cluster.kill("orchestrator");
    const body = deploy();
    await publish(commandSubject("patient", "later", "deploy"), body);
    const leave = new AbortController();
    const results: string[] = [];
    const request = { principal: "patient", follow: true };
    for await (const { id, result } of under.operations.listCommands(request, { signal: leave.signal })) {
      expect(id).toBe(body.id);
      results.push(result);
      if (results.length === 2) break;
      await cluster.restart("orchestrator");
    }
    leave.abort();
    expect(results).toEqual(["waiting", "accepted"]);
  });

  test("are refused to be listed without a bound", async () => {
    await expect(Array.fromAsync(under.operations.listCommands({ limit: 10_001 }))).rejects.toThrow(/limit is 10001/);
  });
});
