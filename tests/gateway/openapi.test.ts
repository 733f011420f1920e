import { createHash, randomUUID } from "node:crypto";
import { ensureAgentStreams } from "@caxton/bus/agent-streams";
import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startOrchestrator } from "../../services/orchestrator/src/service.ts";
import { FetchedDocument } from "../harness/fetched-document.ts";
import { type GatewayUnderTest, silent, startGatewayUnderTest } from "./gateway-harness.ts";

let under: GatewayUnderTest;
let orchestrator: Awaited<ReturnType<typeof startOrchestrator>>;
let text: string;
let document: FetchedDocument;
beforeAll(async () => {
  under = await startGatewayUnderTest();
  const { bus, eventStore } = under;
  orchestrator = await startOrchestrator({ bus, eventStore, log: silent, id: "orchestrator" });
  text = await (await under.fetch("/openapi.json")).text();
  document = new FetchedDocument(JSON.parse(text));
});
afterAll(async () => {
  await orchestrator.close();
  await under[Symbol.asyncDispose]();
});

const isRpc = (path: string): boolean => path.startsWith("/caxton.v1.");

test("the OpenAPI document is one, by a validator of others", async () => {
  const specification: Record<string, unknown> = JSON.parse(text);
  expect(await new Validator().validate(specification)).toMatchObject({ valid: true });
});

test("what is served is what is described, no more and no less", () => {
  const described = document.names("paths").flatMap((path) => {
    return isRpc(path) ? [path] : document.names("paths", path).map((method) => `${method.toUpperCase()} ${path}`);
  });
  const { routes } = under.gateway;
  const listening = routes.flatMap((route) => {
    const [methods = "", url = ""] = route.split(" ");
    // Connect decides on methods itself; fastify answers HEAD wherever it answers GET.
    if (isRpc(url)) return [url];
    if (methods === "HEAD" && routes.includes(`GET ${url}`)) return [];
    return [`${methods} ${url.replaceAll(/:(\w+)/g, "{$1}")}`];
  });
  expect(described.toSorted()).toEqual(listening.toSorted());
});

/** What is wrong with an answer by what the document says of this path, method and status. */
async function problems(path: string, method: string, response: Response): Promise<readonly string[]> {
  const responses = ["paths", path, method, "responses"];
  const isNamed = document.names(...responses).includes(String(response.status));
  const place = [...responses, isNamed ? String(response.status) : "default"];
  const missing = document.names(...place, "headers").filter((name) => !response.headers.has(name));
  if (missing.length > 0) return missing.map((name) => `no header ${name}`);
  const body = await response.text();
  const types = document.names(...place, "content");
  if (types.length === 0) return body === "" ? [] : [`a body that is not described: ${body}`];
  const [type = ""] = (response.headers.get("content-type") ?? "").split(";");
  if (!types.includes(type)) return [`${type} is not described: ${body}`];
  const value: unknown = type === "application/json" ? JSON.parse(body) : body;
  return document.problems(value, ...place, "content", type, "schema");
}

describe("Connect", () => {
  test("every method with an answer takes an empty message, and answers as described", async () => {
    const content = (path: string) => document.names("paths", path, "post", "requestBody", "content");
    const paths = document.names("paths").filter((path) => isRpc(path) && content(path).includes("application/json"));
    expect(paths.length).toBeGreaterThan(10);
    const headers = { "content-type": "application/json" };
    for (const path of paths) {
      const response = await under.fetch(path, { method: "POST", body: "{}", headers });
      expect([path, await problems(path, "post", response)]).toEqual([path, []]);
    }
  });

  test("what only reads is asked with GET as well, and nothing else is", async () => {
    const query = String(new URLSearchParams({ connect: "v1", encoding: "json", message: "{}" }));
    for (const path of document.names("paths").filter(isRpc)) {
      const response = await under.fetch(`${path}?${query}`);
      const isDescribed = document.names("paths", path).includes("get");
      expect([path, [405, 415].includes(response.status)]).toEqual([path, !isDescribed]);
      expect([path, isDescribed ? await problems(path, "get", response) : []]).toEqual([path, []]);
    }
  });

  test("a deployment is asked for and read back with nothing but the document", async () => {
    const digest = "e".repeat(64);
    await (await under.bus.objects("caxton-artifacts")).put(digest, new Blob(["any bytes"]).stream());
    const deploymentId = randomUUID();
    const request = { agent: "documented", artifactDigest: digest, deploymentId, configuration: { a: [1] } };
    const post = (method: string, body: object) =>
      under.fetch(`/caxton.v1.AgentDeployment/${method}`, {
        method: "POST",
        body: JSON.stringify(body),
        headers: { "content-type": "application/json" },
      });
    const described = ["components", "schemas", "caxton.v1.DeployRequest"];
    expect(document.problems(request, ...described)).toEqual([]);
    expect(document.problems({ ...request, agent: 1, digest }, ...described)).toHaveLength(2);
    const asked = await post("DeployAgent", request);
    expect(asked.status).toBe(200);
    expect(await problems("/caxton.v1.AgentDeployment/DeployAgent", "post", asked)).toEqual([]);
    for (const [method, body] of [
      ["GetDeployment", { deploymentId }],
      ["GetAgent", { agent: "documented" }],
      ["ListDeployments", {}],
    ] as const) {
      const read = await post(method, body);
      expect([method, read.status]).toEqual([method, 200]);
      expect(await problems(`/caxton.v1.AgentDeployment/${method}`, "post", read)).toEqual([]);
    }
  });

  test("a stream goes in frames of the described messages", async () => {
    const path = "/caxton.v1.AgentDeployment/ReadEvents";
    const headers = { "content-type": "application/connect+json" };
    const response = await under.fetch(path, { method: "POST", body: frame({ agent: "documented" }), headers });
    expect(response.headers.get("content-type")).toBe("application/connect+json");
    const frames = framesOf(Buffer.from(await response.arrayBuffer()));
    expect(frames.at(-1)).toEqual({ isEnd: true, value: {} });
    expect(frames.length).toBeGreaterThan(2);
    const place = ["paths", path, "post", "responses", "200", "content", "application/connect+json", "schema"];
    for (const { value } of frames.slice(0, -1)) expect(document.problems(value, ...place)).toEqual([]);
  });
});

describe("plain HTTP", () => {
  const bytes = Buffer.from("an artifact of a few bytes");
  const digest = createHash("sha256").update(bytes).digest("hex");
  const artifact = "/artifacts/{digest}";

  test.each([
    ["HEAD", artifact, `/artifacts/${digest}`, 404, undefined],
    ["PUT", artifact, `/artifacts/${digest}`, 201, bytes],
    ["PUT", artifact, `/artifacts/${digest}`, 200, bytes],
    ["HEAD", artifact, `/artifacts/${digest}`, 200, undefined],
    ["PUT", artifact, "/artifacts/short", 400, bytes],
    ["POST", "/agents/{agent}/messages", "/agents/mailbox/messages", 200, '{"n":1}'],
    ["POST", "/agents/{agent}/messages", "/agents/nobody/messages", 404, '{"n":1}'],
    ["GET", "/healthz", "/healthz", 200, undefined],
    ["GET", "/readyz", "/readyz", 200, undefined],
    ["GET", "/metrics", "/metrics", 200, undefined],
    ["GET", "/openapi.json", "/openapi.json", 200, undefined],
    ["GET", "/asyncapi.json", "/asyncapi.json", 200, undefined],
  ])("%s %s (%s) answers %i as described", async (method, path, url, status, body) => {
    await ensureAgentStreams(under.bus, "mailbox");
    const response = await under.fetch(url, { method, ...(body === undefined ? {} : { body }) });
    expect(response.status).toBe(status);
    expect(await problems(path, method.toLowerCase(), response)).toEqual([]);
  });
});

function frame(value: object): Buffer {
  const body = Buffer.from(JSON.stringify(value));
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

function framesOf(bytes: Buffer): readonly { readonly isEnd: boolean; readonly value: unknown }[] {
  const frames: { isEnd: boolean; value: unknown }[] = [];
  for (let start = 0; start < bytes.length;) {
    const length = bytes.readUInt32BE(start + 1);
    const value: unknown = JSON.parse(bytes.subarray(start + 5, start + 5 + length).toString());
    frames.push({ isEnd: (bytes[start] ?? 0) === 2, value });
    start += 5 + length;
  }
  return frames;
}
