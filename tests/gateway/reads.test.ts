import { canonicalJson } from "@caxton/contracts/fingerprint";
import type { WatchDeploymentResponse } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import { evolve } from "@caxton/deployment/evolve";
import { initialState } from "@caxton/deployment/state";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deploy, historyOf, rolledOut } from "./deployment-history.ts";
import { type ApiClient, type GatewayUnderTest, startGatewayUnderTest } from "./gateway-harness.ts";

const first = "0190a000-0000-7000-8000-00000000aaaa";
const second = "0190a000-0000-7000-8000-00000000bbbb";
const history = historyOf(rolledOut("proc", first));

const failure = (asked: Promise<unknown>): Promise<ConnectError> =>
  asked.then(
    () => expect.fail("it was not refused"),
    (error: unknown) => ConnectError.from(error),
  );

describe("reads, folded from the event store", () => {
  let under: GatewayUnderTest;
  beforeAll(async () => {
    under = await startGatewayUnderTest();
    await under.append("proc", history);
    await under.append("prompter", historyOf([deploy("prompter", second)]));
  });
  afterAll(() => under[Symbol.asyncDispose]());

  const clients: readonly (readonly [string, () => ApiClient])[] = [
    ["Connect with JSON over HTTP/1.1", () => under.connect],
    ["gRPC over h2c", () => under.grpc],
  ];

  test.each(clients)("%s shows a deployment with its timings", async (_name, client) => {
    const found = await client().getDeployment({ deploymentId: first });
    expect(found).toMatchObject({ id: first, agent: "proc", version: "proc-v1-0aaaa", state: "Running" });
    expect(found.timings).toMatchObject({ queuedMs: 0, validationMs: 100, deployMs: 200, startMs: 100, totalMs: 300 });
    expect(found.validationReport).toEqual({ passed: true });
  });

  test.each(clients)("%s carries our code with every error, in streams too", async (_name, client) => {
    const unknown = await failure(client().getDeployment({ deploymentId: "nothing" }));
    expect([unknown.code, unknown.metadata.get("caxton-code")]).toEqual([Code.NotFound, "unknown-deployment"]);
    const stream = await failure(Array.fromAsync(client().readEvents({ agent: "nobody" })));
    expect([stream.code, stream.metadata.get("caxton-code")]).toEqual([Code.NotFound, "unknown-agent"]);
    const nothing = await failure(client().createShadowDeployment({}));
    expect([nothing.code, nothing.metadata.get("caxton-code")]).toEqual([Code.InvalidArgument, "invalid-argument"]);
  });

  test("a misspelled field of JSON is refused by its name, not taken for one that was left out", async () => {
    const answer = await under.fetch("/caxton.v1.AgentDeployment/GetHistory", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ agnt: "proc" }),
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: "invalid_argument", message: expect.stringContaining("agnt") });
  });

  test("the whole name of an agent means its newest deployment", async () => {
    expect((await under.connect.getDeployment({ deploymentId: "proc" })).id).toBe(first);
  });

  test("ids may be abbreviated: the beginning of any, the end of a deployment's", async () => {
    const { getDeployment, getAgent } = under.connect;
    for (const deploymentId of ["proc-v1", first.slice(0, -1), "aaaa", "proc-v1-0aaaa"]) {
      expect((await getDeployment({ deploymentId })).id).toBe(first);
    }
    expect((await getAgent({ agent: "prom" })).name).toBe("prompter");
    const ambiguous = await failure(getDeployment({ deploymentId: "0190a" }));
    expect(ambiguous.metadata.get("caxton-code")).toBe("ambiguous-id");
    expect(ambiguous.rawMessage).toContain(first);
    expect(ambiguous.rawMessage).toContain(second);
    expect((await failure(getAgent({ agent: "pro" }))).metadata.get("caxton-code")).toBe("ambiguous-id");
    expect((await failure(getDeployment({ deploymentId: "" }))).metadata.get("caxton-code")).toBe("unknown-deployment");
  });

  test("plain JSON over HTTP, as curl would", async () => {
    const answer = await under.fetch("/caxton.v1.AgentDeployment/GetDeployment", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ deploymentId: second }),
    });
    expect(await answer.json()).toMatchObject({
      id: second,
      state: "Validating",
      step: { number: 1, kind: "validate" },
    });
    expect((await under.fetch("/healthz")).status).toBe(200);
    expect(await (await under.fetch("/readyz")).json()).toEqual({ status: "ready" });
  });

  test("an agent's state is the fold of its events, at any revision", async () => {
    const events = await Array.fromAsync(under.connect.readEvents({ agent: "proc" }));
    expect(events.map(({ type, revision }) => [type, revision])).toEqual(history.map(({ type }, at) => [type, at]));
    for (const revision of [0, 2, history.length - 1]) {
      const served = await under.connect.getAgent({ agent: "proc", revision });
      const folded = history.slice(0, revision + 1).reduce(evolve, initialState);
      expect(canonicalJson(served.state)).toBe(canonicalJson(JSON.parse(JSON.stringify(folded))));
    }
    const ahead = await failure(under.connect.getAgent({ agent: "proc", revision: 99 }));
    expect(ahead.metadata.get("caxton-code")).toBe("invalid-argument");
    const range = await Array.fromAsync(under.connect.readEvents({ agent: "proc", fromRevision: 1, toRevision: 2 }));
    expect(range.map(({ revision }) => revision)).toEqual([1, 2]);
  });

  test("newest first in the list, at most as many as wanted", async () => {
    const { deployments } = await under.connect.listDeployments({});
    expect(deployments.map(({ id }) => id)).toEqual(expect.arrayContaining([first, second]));
    expect((await under.connect.listDeployments({ limit: 1 })).deployments).toHaveLength(1);
    expect((await under.connect.listDeployments({ agent: "proc" })).deployments.map(({ id }) => id)).toEqual([first]);
  });

  test.each(clients)("%s watches: how it is now, then each event, until the client leaves", async (name, client) => {
    const agent = name.startsWith("gRPC") ? "watched-grpc" : "watched-connect";
    const id = `0190a000-0000-7000-8000-00000000${name.startsWith("gRPC") ? "cccc" : "dddd"}`;
    const events = historyOf(rolledOut(agent, id));
    await under.append(agent, events.slice(0, 2));
    const leave = new AbortController();
    const seen: WatchDeploymentResponse[] = [];
    const watching = (async () => {
      for await (const change of client().watchDeployment({ deploymentId: id }, { signal: leave.signal })) {
        seen.push(change);
        if (seen.length === 1) await under.append(agent, events.slice(2));
        if (change.deployment?.state === "Running") leave.abort();
      }
    })();
    expect((await failure(watching)).code).toBe(Code.Canceled);
    expect(seen.map(({ event }) => event?.type)).toEqual([undefined, ...events.slice(2).map(({ type }) => type)]);
    expect(seen.at(-1)?.deployment?.version).toBe(`${agent}-v1-${id.slice(-5)}`);
  });
});
