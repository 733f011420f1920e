import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { createLogger } from "../../libs/telemetry/src/logger.ts";
import { startTelemetry } from "../../libs/telemetry/src/telemetry.ts";
import { startOtlpCollector } from "./otlp-collector.ts";

function start(environment: Readonly<Record<string, string>>) {
  const lines: string[] = [];
  const destination = { write: (line: string) => lines.push(line) };
  const log = createLogger({ service: "test", id: "test-1", level: "info", destination });
  return { lines, ...startTelemetry({ service: "test", id: "test-1", log, environment }) };
}

const span = {
  traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
  spanId: "00f067aa0ba902b7",
  name: "message.route",
  startMs: 1_700_000_000_000,
  endMs: 1_700_000_000_005.5,
  attributes: { agent_id: "echo" },
};
/** Nobody listens there: port 9 is reserved for discarding. */
const nobody = "http://127.0.0.1:9";

test("spans that were offered and metrics reach the collector", async () => {
  await using collector = await startOtlpCollector();
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_METRIC_EXPORT_INTERVAL: "100" };
  const { metrics, spans, close } = start(env);
  metrics.counter("caxton_messages_total", "Messages.").add({ agent: "echo" });
  metrics.histogram("caxton_deployment_duration_seconds", "Time.").observe({ strategy: "direct" }, 0.2);
  spans?.offer([span]);
  const [taken] = await collector.until((all) => all.length > 0);
  expect(taken).toMatchObject({
    traceId: span.traceId,
    spanId: span.spanId,
    name: span.name,
    service: "caxton-test",
    startTimeUnixNano: "1700000000000000000",
    endTimeUnixNano: "1700000000005500000",
  });
  while (collector.metricNames.size === 0) await delay(20);
  expect([...collector.metricNames]).toEqual(["caxton_deployment_duration_seconds", "caxton_messages_total"]);
  await close();
});

test("a collector that is away costs one warning, and what it did not take is counted", async () => {
  const { lines, metrics, spans, close } = start({
    OTEL_EXPORTER_OTLP_ENDPOINT: nobody,
    OTEL_METRICS_EXPORTER: "none",
    OTEL_EXPORTER_OTLP_TIMEOUT: "200",
  });
  await expect(spans?.send([span])).rejects.toMatchObject({ code: "service-unavailable" });
  await expect(spans?.send([span])).rejects.toMatchObject({ code: "service-unavailable" });
  expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([
    { level: "warn", event: "telemetry-not-sent", signal: "traces" },
  ]);
  spans?.offer([span, span]);
  const dropped = async () =>
    (await metrics.collect()).find(({ name }) => name === "caxton_telemetry_spans_dropped_total")?.samples;
  while ((await dropped()) === undefined) await delay(20);
  expect(await dropped()).toEqual([{ labels: {}, value: 2 }]);
  expect(lines).toHaveLength(1);
  await close();
});

/** With what is left of it: on a busy machine a timer is late. */
const closeMaxMs = 1_900;

test.each([
  ["that takes connections and says nothing", async () => startSilentServer()],
  ["that is not there", async () => ({ url: nobody, close: () => undefined })],
])("closing with a collector %s takes a second at most, also with spans that nobody took", async (_, startServer) => {
  const server = await startServer();
  const { spans, close } = start({ OTEL_EXPORTER_OTLP_ENDPOINT: server.url, OTEL_EXPORTER_OTLP_TIMEOUT: "4000" });
  // Under way before: what is measured is the wait for the collector, not the loading of packages.
  const sent = spans?.send([span]).catch(() => undefined);
  await delay(1_000);
  spans?.offer([span, span]);
  const beganAtMs = performance.now();
  await close();
  const tookMs = performance.now() - beganAtMs;
  server.close();
  expect(tookMs).toBeLessThan(closeMaxMs);
  await sent;
});

test("who offered spans and nothing else before sends them when it closes", async () => {
  await using collector = await startOtlpCollector();
  const { spans, close } = start({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_METRICS_EXPORTER: "none" });
  spans?.offer([span]);
  await close();
  expect(collector.spans.map(({ spanId }) => spanId)).toEqual([span.spanId]);
});

async function startSilentServer(): Promise<{ readonly url: string; close(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => void sockets.add(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
