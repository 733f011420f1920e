import { connectBus } from "@caxton/bus/connect";
import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus, KvBucket } from "@caxton/bus/types";
import type { RouteEntry } from "@caxton/contracts/placement";
import { routeBucket } from "@caxton/contracts/subjects";
import { initialState } from "@caxton/deployment/state";
import { createLogger } from "@caxton/telemetry/logger";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type NatsServer, startNatsServer } from "../../../../tests/harness/nats-server.ts";
import { RouteWriter } from "../adapters/route-writer.ts";
import type { EffectContext } from "./effect-context.ts";
import { applyRoute } from "./route.ts";

let server: NatsServer;
let bus: Bus;
beforeAll(async () => {
  server = await startNatsServer();
  bus = await connectBus({ url: server.url, name: "route-test" });
});
afterAll(async () => {
  await bus.close();
  await server.stop();
});

const entry = (agent: string, revision: number, version: string): RouteEntry => ({
  agent,
  revision,
  targets: [{ version, share: 1, messageTimeoutMs: 1_000 }],
  closed: [],
});

function contextOf(agent: string, through: Bus, signal: AbortSignal): EffectContext {
  const route = { revision: 2, targets: [{ version: "proc-v2-bbbbb", share: 1 }], closed: [] };
  const log = createLogger({ service: "test", id: "test", level: "silent" });
  return {
    bus: through,
    routes: new RouteWriter(through),
    log,
    agent,
    state: { ...initialState, route },
    trace: {},
    now: Date.now,
    streams: {},
    lifted: () => Promise.resolve(),
    redriven: () => undefined,
    tell: () => Promise.reject(new Error("nothing is told here")),
    reportOf: () => Promise.reject(new Error("nobody asks for it here")),
    signal,
  };
}

/** The bus as a process has it that was stopped once, after it had read the route and before it writes. */
function stoppedAfterReading(meanwhile: (bucket: KvBucket) => Promise<unknown>) {
  let isStopped = false;
  const written: string[] = [];
  async function kv(...args: Parameters<Bus["kv"]>): Promise<KvBucket> {
    const bucket = await bus.kv(...args);
    if (args[0] !== routeBucket) return bucket;
    return {
      ...bucket,
      async get(key) {
        const found = await bucket.get(key);
        if (!isStopped) {
          isStopped = true;
          await meanwhile(bucket);
        }
        return found;
      },
      create: (key, value) => (written.push("create"), bucket.create(key, value)),
      update: (key, value, revision) => (written.push("update"), bucket.update(key, value, revision)),
    };
  }
  const through: Bus = Object.assign(Object.create(bus), { kv });
  return { through, written };
}

it.each([
  ["an agent's first route", "first", undefined],
  ["a route that follows another", "second", 1],
])("%s that a paused orchestrator writes late is refused", async (_what, agent, known) => {
  const routes = await bus.kv(routeBucket);
  if (known !== undefined) await routes.put(agent, encodeJson(entry(agent, known, "proc-v1-aaaaa")));
  const newer = entry(agent, 3, "proc-v3-ccccc");
  const { through, written } = stoppedAfterReading((bucket) => bucket.put(agent, encodeJson(newer)));
  const stop = new AbortController();
  const applied = applyRoute(2, contextOf(agent, through, stop.signal));
  const query = bus.subscribe(`caxton.route.query.${agent}`, () => stop.abort(new Error("enough")));
  await query.ready;
  await expect(applied).rejects.toThrow("enough");
  query.close();
  // It did try.
  expect(written).toEqual([known === undefined ? "create" : "update"]);
  const after = await routes.get(agent);
  expect(after === undefined ? undefined : decodeJson(after.value)).toEqual(newer);
});

it("that is newer is written over the older one", async () => {
  const routes = await bus.kv(routeBucket);
  await routes.put("third", encodeJson(entry("third", 1, "proc-v1-aaaaa")));
  const stop = new AbortController();
  const applied = applyRoute(2, contextOf("third", bus, stop.signal));
  for await (const change of routes.watch({ key: "third", signal: stop.signal })) {
    if (change.type === "put" && JSON.stringify(decodeJson(change.entry.value)).includes('"revision":2')) break;
  }
  stop.abort(new Error("enough"));
  await expect(applied).rejects.toThrow("enough");
});
