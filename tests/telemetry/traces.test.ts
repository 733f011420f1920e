import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { connectBus } from "@caxton/bus/connect";
import { encodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { deployCommand } from "@caxton/contracts/command-message";
import { commandSubject, header, inboxSubject, outboxStream } from "@caxton/contracts/subjects";
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
    "direct.100_percent",
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
  const send = (headers: Record<string, string>) => bus.store(inboxSubject("moody"), wish, { headers });
  await send({ [header.traceparent]: "no trace context" });
  await send({ [header.traceparent]: `00-${"1".repeat(32)}-${parentId}-00` });
  await send({ [header.traceparent]: `00-${messageTrace}-${parentId}-01` });
  const routed = await collector.until((spans) => named(spans, "message.route").length > 0);
  const routes = named(routed, "message.route");
  expect(routes.map((route) => [route.traceId, route.parentSpanId])).toEqual([[messageTrace, parentId]]);
  const handles = named(routed, "message.handle");
  expect(handles.map((handle) => handle.parentSpanId)).toEqual(routes.map(({ spanId }) => spanId));

  for await (const { headers, sequence } of bus.streams.follow(outboxStream("moody"))) {
    if (sequence < 3) continue;
    expect(headers[header.traceparent]).toBe(`00-${messageTrace}-${parentId}-01`);
    break;
  }

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
    labels: { agent: "moody", version: version?.labels["version"] ?? "" },
    value: 1,
  });
});

async function collectOrchestrators(): Promise<readonly Series[]> {
  const services = await livingServices(bus, "orchestrator");
  const texts = await Promise.all(services.map(async ({ healthUrl: url }) => (await fetch(`${url}/metrics`)).text()));
  return texts.flatMap((text) => parsePrometheus(text));
}
