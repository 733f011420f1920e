import { setTimeout as delay } from "node:timers/promises";
import { ensureAgentStreams } from "@caxton/bus/agent-streams";
import { connectBus } from "@caxton/bus/connect";
import { encodeJson } from "@caxton/bus/json";
import type { RouteEntry } from "@caxton/contracts/placement";
import { inboxStream, routeBucket } from "@caxton/contracts/subjects";
import { expect, test } from "vitest";
import { startCluster } from "../harness/cluster.ts";
import { startServiceProcess } from "../harness/service-process.ts";
import { healthUrl } from "./health-of.ts";
import { parsePrometheus } from "./prometheus.ts";

const status = async (url: string): Promise<number> => (await fetch(url)).status;

async function until(url: string, wanted: number): Promise<void> {
  while ((await status(url)) !== wanted) await delay(50);
}

test("a service without its bus is alive and not ready, says why, and is ready again when the bus is back", async () => {
  const cluster = await startCluster({ services: ["ledger"], env: { CAXTON_HEALTH_PORT: "0" } });
  try {
    const bus = await connectBus({ url: cluster.nats.url, name: "health test" });
    const url = await healthUrl(bus, "ledger");
    await bus.close();
    await until(`${url}/readyz`, 200);
    const series = parsePrometheus(await (await fetch(`${url}/metrics`)).text());
    expect(series.find(({ name }) => name === "process_resident_memory_bytes")?.value).toBeGreaterThan(1_000_000);
    expect(await status(`${url}/elsewhere`)).toBe(404);

    await cluster.nats.kill();
    await until(`${url}/readyz`, 503);
    expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({
      status: "not-ready",
      reasons: [expect.stringMatching(/^ledger: /)],
    });
    expect(await status(`${url}/healthz`)).toBe(200);
    await cluster.nats.restart();
    await until(`${url}/readyz`, 200);
  } finally {
    await cluster.stop();
  }
});

test("a router that cannot read an inbox says of which agent; the others are ready, and so is it when there is one", async () => {
  const services = ["ledger", "router", "metrics-watcher"];
  const cluster = await startCluster({ services, env: { CAXTON_HEALTH_PORT: "0" } });
  const bus = await connectBus({ url: cluster.nats.url, name: "health test" });
  try {
    const route: RouteEntry = { agent: "quake", revision: 1, targets: [], closed: [] };
    await ensureAgentStreams(bus, "quake");
    await bus.streams.delete(inboxStream("quake"));
    await (await bus.kv(routeBucket)).put("quake", encodeJson(route));
    const urls = await Promise.all(services.map((kind) => healthUrl(bus, kind)));
    const [ledger = "", router = "", watcher = ""] = urls.map((url) => `${url}/readyz`);
    await until(router, 503);
    expect(await (await fetch(router)).json()).toMatchObject({ reasons: [expect.stringMatching(/^router: quake: /)] });
    await Promise.all([ledger, watcher].map((url) => until(url, 200)));
    await ensureAgentStreams(bus, "quake");
    await until(router, 200);
  } finally {
    await bus.close();
    await cluster.stop();
  }
});

test("an endpoint that is no URL ends a service at its start, with the variable's name", async () => {
  const lines: string[] = [];
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4317" };
  const started = startServiceProcess({ service: "ledger", id: "l-1", env, onLine: (line) => lines.push(line) });
  await expect(started).rejects.toThrow(/ended before it was ready/);
  expect(lines.join("\n")).toContain("OTEL_EXPORTER_OTLP_ENDPOINT is 'collector:4317'; it takes an http or https URL");
});
