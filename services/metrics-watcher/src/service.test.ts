import { ensureAgentStreams } from "@caxton/bus/agent-streams";
import { connectBus } from "@caxton/bus/connect";
import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { outcomeSubject, routeBucket, windowsSubject } from "@caxton/contracts/subjects";
import { windowsAnswer, type WindowsAnswer } from "@caxton/contracts/windows";
import { createLogger } from "@caxton/telemetry/logger";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startNatsServer, type NatsServer } from "../../../tests/harness/nats-server.ts";
import { startMetricsWatcher } from "./service.ts";

const version = "quake-v1-00000";
const log = createLogger({ service: "metrics-watcher", id: "test", level: "silent" });
let server: NatsServer;
let bus: Bus;

beforeAll(async () => {
  server = await startNatsServer();
  bus = await connectBus({ url: server.url, name: "metrics-watcher-test" });
  const epoch = await ensureAgentStreams(bus, "watched");
  await (await bus.kv(routeBucket)).put("watched", encodeJson({}));
  for (let sequence = 1; sequence <= 20; sequence++) await decide("watched", epoch, sequence);
});
afterAll(async () => {
  await bus.close();
  await server.stop();
});

/** Every fourth message failed once and was handled at the second attempt; the first ten lie six minutes back. */
async function decide(agent: string, epoch: string, sequence: number): Promise<void> {
  const handled = { version, routeRevision: 1, result: "handled", latencyMs: 4 };
  const failed = { version, routeRevision: 1, result: "failed", code: "agent-trap", reason: "trap", latencyMs: 8 };
  const outcome = {
    schemaVersion: 1,
    agent,
    epoch,
    sequence,
    messageId: String(sequence),
    result: "handled",
    version,
    attempts: sequence % 4 === 0 ? [failed, handled] : [handled],
    outputs: [],
    hops: 0,
    receivedAtMs: 1,
    decidedAtMs: Date.now() - (sequence <= 10 ? 360_000 : 0),
  };
  await bus.store(outcomeSubject(agent, epoch, sequence), encodeJson(outcome));
}

async function ask(agent: string, request?: object): Promise<WindowsAnswer> {
  const body = request === undefined ? new Uint8Array() : encodeJson(request);
  const { data } = await bus.request(windowsSubject(agent), body, { timeoutMs: 5_000 });
  return windowsAnswer.check(decodeJson(data));
}

test("serves windows by version, the same after a restart, and refuses what it does not know", async () => {
  for (const id of ["first", "second"]) {
    const watcher = await startMetricsWatcher({ bus, log, id });
    await vi.waitFor(async () => {
      expect(await ask("watched")).toMatchObject({
        windows: {
          agent: "watched",
          versions: [{ version, handled: 10, failed: 3, failures: { "agent-trap": 3 }, latencyMs: { max: 8 } }],
        },
      });
    }, 5_000);
    expect(await ask("watched", { windowMs: 1 })).toMatchObject({ ok: false, error: { code: "invalid-argument" } });
    expect(await ask("nobody")).toMatchObject({ ok: false, error: { code: "unknown-agent" } });
    await watcher.close();
  }
});
