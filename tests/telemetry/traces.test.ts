import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { connectBus } from "@caxton/bus/connect";
import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { agentLogBatch } from "@caxton/contracts/agent-log";
import { deployCommand } from "@caxton/contracts/command-message";
import { maxHops } from "@caxton/contracts/limits";
import { commandSubject, header, inboxStream, inboxSubject, logStream, outboxStream } from "@caxton/contracts/subjects";
import { afterAll, beforeAll, expect, test } from "vitest";
import { livingServices } from "../../libs/service/src/presence.ts";
import { buildFixture } from "../fixtures/build-fixture.ts";
import { type Cluster, startCluster } from "../harness/cluster.ts";
import { deploymentFacts, uploadArtifact } from "../harness/deployer.ts";
import { healthUrl } from "./health-of.ts";
import { type CollectedSpan, type OtlpCollector, startOtlpCollector } from "./otlp-collector.ts";
import { parsePrometheus, type Series } from "./prometheus.ts";

const limitMs = 25_000;
const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const parentId = "00f067aa0ba902b7";
const traceparent = `00-${traceId}-${parentId}-01`;
let collector: OtlpCollector;
let cluster: Cluster;
let bus: Bus;

beforeAll(async () => {
  collector = await startOtlpCollector();
  cluster = await startCluster({
    services: ["orchestrator", "validator", "agent-host", "router", "metrics-watcher", "ledger"],
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      // Each process would load the exporter; telemetry.test.ts sends metrics.
      OTEL_METRICS_EXPORTER: "none",
      CAXTON_HEALTH_PORT: "0",
    },
  });
  bus = await connectBus({ url: cluster.nats.url, name: "telemetry test" });
}, 60_000);

afterAll(async () => {
  await bus.close();
  await cluster.stop();
  await collector[Symbol.asyncDispose]();
});

async function deploy(agent: string, fixture: string, trace?: string): Promise<string> {
  const digest = await uploadArtifact(bus, await buildFixture(fixture));
  const deployment = randomUUID();
  const traced = trace === undefined ? {} : { traceparent: trace };
  const command = deployCommand.check({ id: randomUUID(), deployment, artifact: { digest }, ...traced });
  await bus.store(commandSubject("tests", agent, "deploy"), encodeJson(command), { messageId: command.id });
  const ends = ["DeploymentCompleted", "ValidationFailed", "DeploymentFailed"];
  const facts = await deploymentFacts(bus, agent, deployment, ends, limitMs);
  expect(facts.at(-1)).toMatchObject({ type: "DeploymentCompleted" });
  return command.id;
}

const named = (spans: readonly CollectedSpan[], name: string) => spans.filter((span) => span.name === name);

async function metricsOf(kind: string, wanted: (series: readonly Series[]) => boolean): Promise<readonly Series[]> {
  const url = await healthUrl(bus, kind);
  for (;;) {
    const series = parsePrometheus(await (await fetch(`${url}/metrics`)).text());
    if (wanted(series)) return series;
    await delay(100);
  }
}

test("a deployment and what its messages set off are traced and counted", { timeout: 45_000 }, async () => {
  await deploy("traced", "echo", traceparent);
  const ofDeployment = await collector.until((spans) => named(spans, "deployment.create").length > 0);
  const [create] = named(ofDeployment, "deployment.create");
  expect(create).toMatchObject({ traceId, parentSpanId: parentId });
  const parts = ofDeployment.filter(({ parentSpanId }) => parentSpanId === create?.spanId);
  expect(parts.map(({ name }) => name)).toEqual([
    "validation.static",
    "validation.sandbox",
    "validation.contracts",
    "validation.resources",
    "deployment.start",
    "deployment.finalize",
  ]);
  expect(new Set(parts.map((part) => part.traceId))).toEqual(new Set([traceId]));
  for (const { startTimeUnixNano, endTimeUnixNano } of parts) {
    expect(BigInt(startTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(create?.startTimeUnixNano ?? 0));
    expect(BigInt(endTimeUnixNano)).toBeLessThanOrEqual(BigInt(create?.endTimeUnixNano ?? 0));
  }

  // Without a sender's trace the command's id names one.
  const commandId = await deploy("moody", "moody");
  await collector.until((spans) => named(spans, "deployment.create").length > 1);
  const own = named(collector.spans, "deployment.create").find((span) => span.traceId !== traceId);
  expect([own?.traceId, own?.parentSpanId ?? ""]).toEqual([commandId.replaceAll("-", ""), ""]);

  const messageTrace = "0af7651916cd43dd8448eb211c80319c";
  const wish = encodeJson({ wish: "reply" });
  const send = (headers: Record<string, string>, body = wish) => bus.store(inboxSubject("moody"), body, { headers });
  await send({ [header.traceparent]: "no trace context" });
  await send({ [header.traceparent]: `00-${"1".repeat(32)}-${parentId}-00` });
  const spoken = encodeJson({ wish: "log", lines: 1 });
  await send({ [header.traceparent]: `00-${messageTrace}-${parentId}-01` }, spoken);
  const routed = await collector.until((spans) => named(spans, "message.route").length > 0);
  const routes = named(routed, "message.route");
  expect(routes.map((route) => [route.traceId, route.parentSpanId])).toEqual([[messageTrace, parentId]]);
  const handles = named(routed, "message.handle");
  expect(handles.map((handle) => handle.parentSpanId)).toEqual(routes.map(({ spanId }) => spanId));

  for await (const { data } of bus.streams.follow(logStream)) {
    const { lines } = agentLogBatch.check(decodeJson(data));
    const line = lines.find(({ text }) => text === "line 0");
    if (line === undefined) continue;
    expect(line.traceId).toBe(messageTrace);
    break;
  }

  // Whoever reads an output goes on under the span that carried it there.
  const [relayed] = named(await collector.until((spans) => named(spans, "message.relay").length > 0), "message.relay");
  expect(relayed).toMatchObject({ traceId: messageTrace, parentSpanId: routes[0]?.spanId, service: "caxton-router" });
  const outputs = bus.streams.read(outboxStream("moody"), { fromSequence: 1 });
  const carried = (await Array.fromAsync(outputs)).map(({ headers }) => headers[header.traceparent] ?? "");
  expect(carried[0]).toBe("");
  expect(carried[1]).toMatch(new RegExp(`^00-${"1".repeat(32)}-(?!${parentId})[0-9a-f]{16}-00$`));
  expect(carried[2]).toBe(`00-${messageTrace}-${relayed?.spanId}-01`);

  // One deployment's spans are told once.
  expect(new Set(collector.spans.map(({ spanId }) => spanId)).size).toBe(collector.spans.length);
  expect(named(collector.spans, "deployment.create").length).toBe(2);

  const handled = (series: readonly Series[]) =>
    series.some(
      ({ name, labels, value }) =>
        name === "caxton_messages_total" &&
        labels["agent"] === "moody" &&
        labels["result"] === "handled" &&
        value === 3,
    );
  const watcher = await metricsOf("metrics-watcher", handled);
  expect(watcher).toContainEqual({ name: "caxton_route_revision", labels: { agent: "moody" }, value: 1 });
  const version = watcher.find(({ name, labels }) => name === "caxton_instances_ready" && labels["agent"] === "moody");
  expect(version).toMatchObject({ value: 1 });
  expect(watcher.filter(({ name }) => name === "caxton_service_up").length).toBe(6);
  const ledger = await metricsOf("ledger", (series) => series.some(({ name }) => name === "caxton_inbox_pending"));
  expect(ledger).toContainEqual({ name: "caxton_inbox_pending", labels: { agent: "moody" }, value: 0 });

  const orchestrators = await collectOrchestrators();
  const durations = orchestrators.filter(({ name }) => name === "caxton_deployment_duration_seconds_count");
  expect(durations.reduce((sum, { value }) => sum + value, 0)).toBe(2);
  expect(durations[0]?.labels).toEqual({ strategy: "direct", status: "success" });
  const stages = orchestrators.filter(({ name }) => name === "caxton_deployment_validation_time_seconds_count");
  expect(new Set(stages.map(({ labels }) => labels["stage"]))).toEqual(
    new Set(["static", "sandbox", "contracts", "resources"]),
  );
  expect(orchestrators).toContainEqual({
    name: "caxton_agent_version_active",
    labels: { agent: "moody", version: "v1", version_id: version?.labels["version_id"] ?? "" },
    value: 1,
  });
});

test(
  "one trace follows a message from agent to agent, each hop under the one before",
  { timeout: 45_000 },
  async () => {
    await Promise.all([deploy("circle-a", "circle"), deploy("circle-b", "circle")]);
    const trace = "5bd66ef5095369c7b0d1f8f4bd33716a";
    const ball = encodeJson({ to: "circle-b", from: "circle-a" });
    const tracestate = "vendor=1";
    const headers = { [header.traceparent]: `00-${trace}-${parentId}-01`, [header.tracestate]: tracestate };
    await bus.store(inboxSubject("circle-a"), ball, { headers });

    // The last one is beyond the bound and speaks to nobody.
    const hops = maxHops + 1;
    const ours = (spans: readonly CollectedSpan[]) => spans.filter((span) => span.traceId === trace);
    const isWhole = (spans: readonly CollectedSpan[]) =>
      named(ours(spans), "message.route").length > hops && named(ours(spans), "message.relay").length === hops;
    const spans = ours(await collector.until(isWhole));
    let parent = parentId;
    for (let hop = 0; hop < hops; hop += 1) {
      const [route, ...others] = spans.filter((span) => span.parentSpanId === parent);
      expect(others).toEqual([]);
      expect(route).toMatchObject({ name: "message.route", agent: hop % 2 === 0 ? "circle-a" : "circle-b" });
      const below = spans.filter((span) => span.parentSpanId === route?.spanId);
      expect(below.map(({ name }) => name).toSorted()).toEqual(["message.handle", "message.relay"]);
      parent = below.find(({ name }) => name === "message.relay")?.spanId ?? "";
    }
    const inbox = await Array.fromAsync(bus.streams.read(inboxStream("circle-b"), { fromSequence: 1 }));
    expect(inbox[0]?.headers).toMatchObject({ [header.tracestate]: tracestate });
  },
);

async function collectOrchestrators(): Promise<readonly Series[]> {
  const services = await livingServices(bus, "orchestrator");
  const texts = await Promise.all(services.map(async ({ healthUrl: url }) => (await fetch(`${url}/metrics`)).text()));
  return texts.flatMap((text) => parsePrometheus(text));
}
