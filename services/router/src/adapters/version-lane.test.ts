import { encodeJson } from "@caxton/bus/json";
import type { BusMessage } from "@caxton/bus/types";
import type { RunAnswer } from "@caxton/contracts/agent-run";
import { CaxtonError } from "@caxton/contracts/errors";
import { createLogger } from "@caxton/telemetry/logger";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { inboundOf } from "@caxton/contracts/inbound";
import type { Decision } from "../core/judgement.ts";
import type { Held } from "./held.ts";
import { VersionLane } from "./version-lane.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function message(): Held {
  const raw = { sequence: 1, headers: {}, data: new Uint8Array(), storedAtMs: 0, subject: "", deliveryCount: 1 };
  const delivery = { ...raw, ack: async () => true, ackUnconfirmed() {}, nak() {}, working() {} };
  const inbound = inboundOf("a", "e", raw);
  return {
    inbound,
    delivery,
    body: "",
    heldSinceMs: 0,
    attempts: [],
    slot: -1,
    asking: "batch",
    silences: 0,
    fellBack: false,
    lane: undefined,
    overflowedFrom: undefined,
  };
}

const reply = (answer: RunAnswer): BusMessage => ({
  subject: "",
  data: encodeJson(answer),
  headers: {},
  reply: "",
  respond() {},
});

/** A lane of version `v1`; `settled` sees its decisions and may put a message back. */
function laneOf(
  request: () => Promise<BusMessage>,
  settled: (lane: VersionLane, held: Held, one: Decision) => void,
  named = true,
) {
  const lane: VersionLane = new VersionLane({
    bus: { request },
    log: createLogger({ service: "router", id: "test", level: "silent" }),
    agent: "a",
    version: "v1",
    routeRevision: () => 1,
    messageTimeoutMs: () => 1_000,
    settle: (held, decision) => settled(lane, held, decision),
    stale: () => expect.unreachable("not refused"),
    named: () => named,
    hasStandIn: () => false,
    busyShare: () => 0.5,
    healthChanged() {},
  });
  return lane;
}

test("a busy version is asked again after growing pauses, which counts for nothing", async () => {
  let asked = 0;
  const decisions: Decision[] = [];
  const busy = 150;
  const lane = laneOf(
    async () => {
      asked += 1;
      if (asked <= busy) return reply({ status: "busy", instance: "i" });
      return reply({
        status: "done",
        instance: "i",
        results: [{ index: 0, result: "handled", outputs: [], latencyMs: 1 }],
      });
    },
    (at, held, decision) => {
      if (decision.kind === "again") at.offer(held);
      else decisions.push(decision);
    },
  );
  const held = message();
  lane.offer(held);
  await vi.advanceTimersByTimeAsync(1_000);
  // After 0, 50, 150, 350 and 750 ms.
  expect(asked).toBe(5);
  await vi.advanceTimersByTimeAsync(busy * 1_000);
  expect(decisions).toMatchObject([{ kind: "handled" }]);
  expect(held.silences).toBe(0);
  lane.close();
});

test("what was in the air where nobody is goes by today's route; empty requests find out while the route names it", async () => {
  for (const named of [true, false]) {
    const moved: Held[] = [];
    let asked = 0;
    const lane = laneOf(
      async () => {
        asked += 1;
        if (asked < 4) throw new CaxtonError("no-instance", "nobody listens");
        return reply({ status: "done", instance: "i", results: [] });
      },
      (_, held, decision) => {
        expect(decision).toEqual({ kind: "again", asking: "batch", delayMs: 0 });
        moved.push(held);
      },
      named,
    );
    lane.offer(message());
    await vi.advanceTimersByTimeAsync(5_000);
    expect({ asked, moved: moved.length, available: lane.available }).toEqual({
      asked: named ? 4 : 1,
      moved: 1,
      available: named,
    });
    lane.close();
  }
});

test("a version without instances is asked by one request at a time, and takes no more in", async () => {
  let asked = 0;
  const lane = laneOf(
    async () => {
      asked += 1;
      throw new CaxtonError("no-instance", "nobody listens");
    },
    (at, held) => at.offer(held),
  );
  lane.offer(message());
  await vi.advanceTimersByTimeAsync(10_000);
  expect(lane.available).toBe(false);
  // 25, 50, 100, 200, 400, then every 500 ms.
  expect(asked).toBeGreaterThan(10);
  expect(asked).toBeLessThan(30);
  lane.close();
});
