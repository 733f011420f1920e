import { connectBus } from "@caxton/bus/connect";
import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { type SlotStatus, slotTtlMs } from "@caxton/contracts/placement";
import { slotBucket, slotKey, versionBucket, versionKey } from "@caxton/contracts/subjects";
import { decide } from "@caxton/deployment/decide";
import { evolve } from "@caxton/deployment/evolve";
import { type AgentState, type Deployment, initialState } from "@caxton/deployment/state";
import type { Command } from "@caxton/deployment/command";
import { createLogger } from "@caxton/telemetry/logger";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type NatsServer, startNatsServer } from "../../../../tests/harness/nats-server.ts";
import { deployRequest } from "../core/request.ts";
import { RouteWriter } from "../adapters/route-writer.ts";
import type { EffectContext } from "./effect-context.ts";
import { start, stop } from "./start.ts";

const agent = "processor";
const id = "0190b5c8-7c3e-7bbb-8b1a-0242ac120002";
let server: NatsServer;
let bus: Bus;
beforeAll(async () => {
  server = await startNatsServer();
  bus = await connectBus({ url: server.url, name: "start-test" });
});
afterAll(async () => {
  await bus.close();
  await server.stop();
});

function starting(): AgentState {
  const sender = { commandId: id, actor: "alice" };
  const asked = deployRequest(agent, { id, deployment: id, artifact: { digest: "a".repeat(64) } }, 1, initialState);
  const commands: readonly Command[] = [
    { ...asked, ...sender },
    { type: "validation-passed", deployment: id, shortName: "proc", report: {}, commandId: "2", actor: "test" },
  ];
  return commands.reduce((state, command) => {
    const decision = decide(command, state, { maxQueued: 1 }, 0);
    return decision.ok ? decision.events.reduce(evolve, state) : state;
  }, initialState);
}

describe("the specifications of versions that are gone", () => {
  it("are kept for the latest 32, and those before are removed with the next stop", async () => {
    const base = starting();
    const current = base.deployments[id];
    if (current === undefined) throw new Error("no deployment");
    const versions = await bus.kv(versionBucket);
    const deployments: Record<string, Deployment> = { [id]: { ...current, agent: "many", version: "proc-v41-aaaaa" } };
    for (let ordinal = 1; ordinal <= 40; ordinal += 1) {
      const version = `proc-v${ordinal}-aaaaa`;
      deployments[`d${ordinal}`] = { ...current, deployment: `d${ordinal}`, version, ordinal, processes: "gone" };
      await versions.put(versionKey("many", version), encodeJson("gone"));
    }
    const log = createLogger({ service: "test", id: "test", level: "silent" });
    const { signal } = new AbortController();
    const state = { ...base, deployments };
    await stop(id, "proc-v41-aaaaa", {
      bus,
      routes: new RouteWriter(bus),
      log,
      agent: "many",
      state,
      trace: {},
      now: Date.now,
      streams: {},
      lifted: () => Promise.resolve(),
      redriven: () => undefined,
      tell: () => Promise.reject(new Error("nothing is told here")),
      reportOf: () => Promise.reject(new Error("nobody asks for it here")),
      signal,
    });
    const left = await versions.keys(versionKey("many", "*"));
    expect(left).toHaveLength(33);
    expect(left).not.toContain(versionKey("many", "proc-v8-aaaaa"));
    expect(left).toContain(versionKey("many", "proc-v9-aaaaa"));
  });
});

describe("a version that is to stop", () => {
  it("is not started again by an orchestrator that comes late, and so its stop comes to an end", async () => {
    const state = starting();
    const version = state.deployments[id]?.version ?? "";
    const log = createLogger({ service: "test", id: "test", level: "silent" });
    const { signal } = new AbortController();
    const context: EffectContext = {
      bus,
      routes: new RouteWriter(bus),
      log,
      agent,
      state,
      trace: {},
      now: Date.now,
      streams: {},
      lifted: () => Promise.resolve(),
      redriven: () => undefined,
      tell: () => Promise.reject(new Error("nothing is told here")),
      reportOf: () => Promise.reject(new Error("nobody asks for it here")),
      signal,
    };
    const slots = await bus.kv(slotBucket, { ttlMs: slotTtlMs });
    const key = slotKey(agent, version, 0);
    const ready: SlotStatus = { host: "h", instance: "i", state: "ready", restarts: 0 };
    await slots.create(key, encodeJson(ready));

    const versions = await bus.kv(versionBucket);
    const desired = async () => {
      const entry = await versions.get(versionKey(agent, version));
      return entry === undefined ? undefined : decodeJson(entry.value);
    };
    await start(id, version, context);
    expect(await desired()).toMatchObject({ desired: "running" });
    const watching = versions.watch({ key: versionKey(agent, version), signal });
    const stopping = stop(id, version, context);
    for await (const change of watching) {
      if (change.type !== "put" || JSON.stringify(decodeJson(change.entry.value)).includes('"stopped"')) break;
    }
    await start(id, version, context);
    expect(await desired()).toMatchObject({ desired: "stopped" });
    await slots.delete(key);
    expect(await stopping).toEqual({ type: "version-stopped", deployment: id });
    const late = new AbortController();
    const startedLate = start(id, version, { ...context, signal: AbortSignal.any([signal, late.signal]) });
    expect(await desired()).toMatchObject({ desired: "stopped" });
    late.abort();
    await expect(startedLate).rejects.toThrow("aborted");
    expect(await desired()).toMatchObject({ desired: "stopped" });
  });
});
