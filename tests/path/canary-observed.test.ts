import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { connectBus } from "@caxton/bus/connect";
import type { Bus } from "@caxton/bus/types";
import type { CanaryCommand, DeployCommand } from "@caxton/contracts/command-message";
import { parseTraceparent } from "@caxton/contracts/trace-context";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { livingServices } from "../../libs/service/src/presence.ts";
import { buildFixture } from "../fixtures/build-fixture.ts";
import { type Cluster, startCluster } from "../harness/cluster.ts";
import { deploymentFacts, publishCommand, publishDeploy, uploadArtifact } from "../harness/deployer.ts";
import { leaseHolder } from "../harness/leases.ts";
import { startProducer, type Producer } from "../harness/producer.ts";
import { findPrometheus, startPrometheus, type QueriedSeries } from "../harness/prometheus-server.ts";
import { type CollectedSpan, type OtlpCollector, startOtlpCollector } from "../telemetry/otlp-collector.ts";
import { parsePrometheus } from "../telemetry/prometheus.ts";

const agent = "processor";
const services = ["orchestrator", "orchestrator", "validator", "agent-host", "router", "metrics-watcher", "ledger"];
const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const parent = parseTraceparent(traceparent);
const bodies = Array.from({ length: 1_000 }, (_, n) => JSON.stringify({ n }));
const withinMs = 60_000;
const long = 600_000;
/** A busy machine must not make a canary slow. */
const judging: NonNullable<CanaryCommand["judging"]> = {
  rollbackOn: [
    { metric: "error_rate", comparison: ">", threshold: { kind: "absolute", value: 0.01 } },
    { metric: "p99_latency", comparison: ">", threshold: { kind: "absolute", value: 10_000 } },
  ],
};
const prometheus = findPrometheus();
if (prometheus === undefined) {
  process.stderr.write("metrics: a real Prometheus skipped: CAXTON_PROMETHEUS and PATH have none\n");
}

let collector: OtlpCollector;
let cluster: Cluster;
let bus: Bus;
let digest: string;
let producer: Producer;

beforeAll(async () => {
  collector = await startOtlpCollector();
  cluster = await startCluster({
    services,
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_METRICS_EXPORTER: "none", CAXTON_HEALTH_PORT: "0" },
  });
  bus = await connectBus({ url: cluster.nats.url, name: "tests" });
  digest = await uploadArtifact(bus, await buildFixture("faulty"));
  const first = await publishDeploy(bus, agent, digest);
  await reached(first, "DeploymentCompleted");
  producer = await startProducer({ url: cluster.nats.url, agent, bodies, perSecond: 600 });
});
afterAll(async () => {
  await producer.stop();
  await bus.close();
  await cluster.stop();
  await collector[Symbol.asyncDispose]();
});

async function reached(deployment: string, ...types: readonly string[]): Promise<void> {
  await deploymentFacts(bus, agent, deployment, types, withinMs).catch((error: Error) => {
    throw new Error(`${error.message}\n${cluster.logs()}`);
  });
}

function canary(
  configuration: object,
  steps: NonNullable<CanaryCommand["steps"]>,
  more: Partial<DeployCommand> = {},
): Promise<string> {
  const canaryCommand = { steps, judging, cleanupMs: 1_000 };
  return publishDeploy(bus, agent, digest, "tests", {
    strategy: "canary",
    configuration,
    canary: canaryCommand,
    ...more,
  });
}

/** A deployment's spans without repeats, which must be the same to the last digit, in the order in which they began. */
function spansOf(deployment: string): readonly CollectedSpan[] {
  const byId = new Map<string, CollectedSpan>();
  for (const span of collector.spans.filter((one) => one.deployment === deployment)) {
    expect(byId.get(span.spanId) ?? span).toEqual(span);
    byId.set(span.spanId, span);
  }
  return [...byId.values()].toSorted((one, other) => Number(startOf(one) - startOf(other)));
}

const startOf = ({ startTimeUnixNano }: CollectedSpan): bigint => BigInt(startTimeUnixNano);
const endOf = ({ endTimeUnixNano }: CollectedSpan): bigint => BigInt(endTimeUnixNano);
const named = (spans: readonly CollectedSpan[], name: string): CollectedSpan => {
  const found = spans.filter((span) => span.name === name);
  if (found[0] === undefined || found.length > 1) throw new Error(`${found.length} spans are called ${name}`);
  return found[0];
};
const namesUnder = (spans: readonly CollectedSpan[], { spanId }: CollectedSpan): string[] =>
  spans.filter((span) => span.parentSpanId === spanId).map(({ name }) => name);

async function told(deployment: string, name: string): Promise<void> {
  await collector.until((spans) => spans.some((span) => span.deployment === deployment && span.name === name));
}

/** kill -9 for the orchestrator that tells the spans. */
async function killTeller(): Promise<string> {
  const holder = await leaseHolder(bus, "deployment-traces");
  const [name = ""] = holder.split(".");
  await cluster.kill(name);
  await leaseHolder(bus, "deployment-traces", holder);
  return name;
}

describe("a canary through the deaths of its orchestrators", () => {
  let second: string;
  let third: string;

  test("is one trace, the ADR's tree, with what it waited for", async () => {
    const steps: CanaryCommand["steps"] = [
      { share: 0.05, watchMs: 1_000 },
      { share: 0.25, watchMs: 1_000 },
      { approve: true },
      { share: 0.5, watchMs: 1_000 },
      { share: 1 },
    ];
    second = await canary({ v: 2 }, steps, { traceparent });
    await told(second, "canary.5_percent");
    const killed = await killTeller();
    await reached(second, "ApprovalAwaited");
    await told(second, "canary.25_percent");
    await cluster.restart(killed);
    const other = await killTeller();
    expect(other).not.toBe(killed);
    await publishCommand(bus, agent, "approve", second, { reason: "seen it" });
    await reached(second, "DeploymentCompleted");
    await told(second, "deployment.create");
    await cluster.restart(other);

    const spans = spansOf(second);
    const create = named(spans, "deployment.create");
    expect(create.parentSpanId).toBe(parent?.spanId);
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([parent?.traceId]));
    expect(namesUnder(spans, create)).toEqual([
      "validation.static",
      "validation.sandbox",
      "validation.contracts",
      "validation.resources",
      "deployment.start",
      "canary.5_percent",
      "canary.25_percent",
      "canary.approval",
      "canary.50_percent",
      "deployment.finalize",
    ]);
    // What a twentieth of the messages says takes longer than a second to pass.
    expect(namesUnder(spans, named(spans, "canary.5_percent"))).toEqual(["hold"]);
    const steady = spans.filter(({ parentSpanId }) => parentSpanId === create.spanId).slice(-5);
    expect(steady.slice(1).map(startOf)).toEqual(steady.slice(0, -1).map(endOf));
    for (const span of spans) {
      expect(startOf(span)).toBeGreaterThanOrEqual(startOf(create));
      expect(endOf(span)).toBeLessThanOrEqual(endOf(create));
    }
  });

  test("has the ADR's log object for each step and each verdict that decided one", async () => {
    const lines = await linesUpTo(second, "running");
    const steps = lines.filter(({ event, stage }) => event === "transition" && stage === "canary");
    expect(steps.map(({ percentage }) => percentage)).toEqual([5, 25, 50, 100]);
    const decided = lines.filter(({ decision }) => decision === "promote");
    expect(decided.map(({ percentage }) => percentage)).toEqual([5, 25, 50]);
    expect(steps[1]).toMatchObject({
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      level: "info",
      deployment_id: second,
      agent_id: agent,
      version: "v2",
      stage: "canary",
      percentage: 25,
      metrics: { error_rate: 0, p99_latency_ms: expect.any(Number) },
    });
    expect(decided.every(({ verdict, metrics }) => verdict === "pass" && metrics !== undefined)).toBe(true);
  });

  test("that turns out bad is told with the way back", async () => {
    third = await canary({ v: 3, fault: "refuse", every: 2 }, [{ share: 0.25, watchMs: long }, { share: 1 }]);
    await reached(third, "DeploymentRolledBack");
    await told(third, "deployment.create");
    const spans = spansOf(third);
    const create = named(spans, "deployment.create");
    expect(namesUnder(spans, create).slice(-2)).toEqual(["canary.25_percent", "deployment.rollback"]);
    const back = named(spans, "deployment.rollback");
    expect(namesUnder(spans, back).toSorted()).toEqual([
      "rollback.cleanup",
      "rollback.close",
      "rollback.divert",
      "rollback.drain",
    ]);
    const lines = await linesUpTo(third, "rolled-back");
    const [verdict] = lines.filter(({ decision }) => decision === "rollback");
    expect(verdict).toMatchObject({ stage: "canary", percentage: 25, verdict: "fail", version: "v3" });
    // Percent: half of its messages, give or take those that had been decided.
    expect(verdict?.metrics?.["error_rate"]).toBeGreaterThan(5);
    expect(lines.at(-1)).toMatchObject({ percentage: 0 });
  });

  test("is counted as the ADR names it", async () => {
    const found = await metricsOf("orchestrator");
    const of = (name: string, labels: object) =>
      found.filter(
        (one) => one.name === name && Object.entries(labels).every(([key, value]) => one.labels[key] === value),
      );
    const sum = (name: string, labels: object): number => of(name, labels).reduce((all, { value }) => all + value, 0);
    // The other one was counted by an orchestrator that was killed.
    expect(sum("caxton_deployment_duration_seconds_count", { strategy: "canary", status: "rolled_back" })).toBe(1);
    expect(sum("caxton_deployment_rollback_total", { reason: "high_error_rate" })).toBe(1);
    expect(sum("caxton_deployment_rollback_total", { reason: "manual" })).toBe(0);
    expect(of("caxton_agent_version_active", { agent, version: "v2" }).map(({ value }) => value)).toEqual([1, 1]);
  });
});

describe.runIf(prometheus !== undefined)("a real Prometheus", () => {
  test("scrapes every service and answers what an operator asks about a canary", async () => {
    const found = (await Promise.all(services.map((kind) => livingServices(bus, kind)))).flat();
    const urls = new Set(found.flatMap(({ healthUrl }) => healthUrl ?? []));
    expect(urls.size).toBe(services.length);
    await using server = await startPrometheus(prometheus ?? "", [...urls]);

    async function until(expression: string, wanted: (series: readonly QueriedSeries[]) => boolean): Promise<void> {
      const deadlineMs = performance.now() + withinMs;
      for (;;) {
        const series = await server.query(expression);
        if (wanted(series)) return;
        if (performance.now() > deadlineMs) throw new Error(`${expression}: ${JSON.stringify(series)}`);
        await delay(100);
      }
    }
    const is = (expression: string, value: number): Promise<void> =>
      until(expression, (series) => series.length === 1 && series[0]?.value === value);

    await until("up", (series) => series.length === urls.size && series.every(({ value }) => value === 1));
    const fourth = await canary({ v: 4 }, [{ share: 0.25, watchMs: long }, { share: 1 }]);
    const version = `agent="${agent}",version="v4"`;
    await is(`max(caxton_route_share{${version}})`, 0.25);
    await is(`max(caxton_deployment_step{${version},strategy="canary"})`, 3);
    await is(`max(caxton_deployment_steps{${version}})`, 5);
    await is(`max(caxton_canary_verdict{${version},verdict="pass"})`, 1);
    await is(`max(caxton_canary_step_messages{${version},result="handled"}) > bool 100`, 1);
    await is(`max(caxton_agent_version_active{${version}})`, 0);
    await publishCommand(bus, agent, "pause", fourth, { reason: "lunch" });
    await is(`max(caxton_deployment_waiting{${version},reason="pause"})`, 1);
    await publishCommand(bus, agent, "resume", fourth);
    await publishCommand(bus, agent, "promote", fourth, { full: true });
    await is(`sum(caxton_deployment_duration_seconds_count{strategy="canary", status="success"})`, 1);
    await is(`max(caxton_agent_version_active{agent="processor", version="v4"})`, 1);
    await is(`sum(caxton_deployment_validation_time_seconds_sum{stage="sandbox"}) > bool 0`, 1);

    const fifth = await canary({ v: 5, fault: "refuse", every: 2 }, [{ share: 0.25, watchMs: long }, { share: 1 }]);
    await reached(fifth, "DeploymentRolledBack");
    await is(`sum(increase(caxton_deployment_rollback_total{reason="high_error_rate"}[1m])) > bool 0`, 1);
    await is(`max(caxton_message_fallbacks_total{agent="processor",version="v5"}) > bool 0`, 1);
    expect(await server.targets()).toEqual(
      Array.from({ length: urls.size }, () => ({ url: expect.any(String), health: "up", error: "" })),
    );
  });
});

interface Line {
  readonly event?: string;
  readonly stage?: string;
  readonly percentage?: number;
  readonly decision?: string;
  readonly verdict?: string;
  readonly metrics?: Readonly<Record<string, number>>;
}

/** The last line waits for the metrics of its version, and all of them come through a pipe. */
async function linesUpTo(deployment: string, stage: string): Promise<readonly Line[]> {
  const deadlineMs = performance.now() + withinMs;
  for (;;) {
    const lines = linesOf(deployment);
    if (lines.some((line) => line.stage === stage)) return lines;
    if (performance.now() > deadlineMs) throw new Error(`no line '${stage}' of ${deployment}\n${cluster.logs()}`);
    await delay(50);
  }
}

/** What orchestrators logged about a deployment's steps, states and verdicts. */
function linesOf(deployment: string): readonly Line[] {
  return cluster
    .logs()
    .split("\n")
    .filter((line) => line.startsWith("{") && line.includes(deployment) && line.includes('"stage"'))
    .map((line): Line => JSON.parse(line) as Line)
    .filter(({ event }) => event === "transition" || event === "verdict");
}

async function metricsOf(kind: string) {
  const found = await livingServices(bus, kind);
  const texts = await Promise.all(found.map(async ({ healthUrl }) => (await fetch(`${healthUrl}/metrics`)).text()));
  return texts.flatMap((text) => parsePrometheus(text));
}
