import { ensureAgentStreams } from "@caxton/bus/agent-streams";
import { connectBus } from "@caxton/bus/connect";
import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { ledgerAnswer, type LedgerAnswer } from "@caxton/contracts/ledger";
import { inboxSubject, ledgerSubject, outcomeSubject } from "@caxton/contracts/subjects";
import { createLogger } from "@caxton/telemetry/logger";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startNatsServer, type NatsServer } from "../../../tests/harness/nats-server.ts";
import { startLedger } from "./service.ts";

let server: NatsServer;
let bus: Bus;
let ledger: Awaited<ReturnType<typeof startLedger>>;

const log = createLogger({ service: "ledger", id: "test", level: "silent" });

beforeAll(async () => {
  server = await startNatsServer();
  bus = await connectBus({ url: server.url, name: "ledger-test" });
  ledger = await startLedger({ bus, log, id: "ledger-1" });
});
afterAll(async () => {
  await ledger.close();
  await bus.close();
  await server.stop();
});

async function ask(agent: string): Promise<LedgerAnswer> {
  const { data } = await bus.request(ledgerSubject(agent), new Uint8Array(), { timeoutMs: 5_000 });
  return ledgerAnswer.check(decodeJson(data));
}

async function accept(agent: string, count: number): Promise<void> {
  for (let index = 0; index < count; index++) await bus.store(inboxSubject(agent), encodeJson({ index }));
}

async function decide(agent: string, epoch: string, sequence: number, change: object = {}): Promise<void> {
  const version = "quake-v1-00000";
  const outcome = {
    schemaVersion: 1,
    agent,
    epoch,
    sequence,
    messageId: String(sequence),
    result: "handled",
    version,
    attempts: [],
    outputs: [],
    hops: 0,
    receivedAtMs: 1,
    decidedAtMs: 2,
    ...change,
  };
  await bus.store(outcomeSubject(agent, epoch, sequence), encodeJson(outcome));
}

test("counts what is handled, dead and pending, as of the moment it is asked", async () => {
  const epoch = await ensureAgentStreams(bus, "counted");
  await accept("counted", 5);
  await decide("counted", epoch, 1);
  await decide("counted", epoch, 3);
  const deadLetter = { code: "message-invalid", reason: "no JSON", headers: {}, bodyBase64: "" };
  await decide("counted", epoch, 4, { result: "dead-lettered", deadLetter });
  expect(await ask("counted")).toMatchObject({
    ok: true,
    ledger: {
      accepted: 5,
      handled: 2,
      deadLettered: 1,
      pending: 2,
      oldestPending: 2,
      versions: [{ version: "quake-v1-00000", handled: 2, deadLettered: 1 }],
      deadLetters: { "message-invalid": 1 },
      faults: [],
      unreadOutcomes: 0,
    },
  });
  await decide("counted", epoch, 2);
  expect(await ask("counted")).toMatchObject({ ledger: { handled: 3, pending: 1, oldestPending: 5 } });
});

test("takes a new life of the inbox for new messages", async () => {
  const first = await ensureAgentStreams(bus, "reborn");
  await accept("reborn", 2);
  await decide("reborn", first, 1);
  await bus.streams.delete("CAXTON_INBOX_reborn");
  const second = await ensureAgentStreams(bus, "reborn");
  expect(second).not.toBe(first);
  await accept("reborn", 3);
  expect(await ask("reborn")).toMatchObject({
    ledger: { epoch: second, accepted: 3, handled: 0, pending: 3, earlierEpochs: [{ epoch: first, handled: 1 }] },
  });
});

test("says that an agent is unknown", async () => {
  expect(await ask("nobody")).toMatchObject({ ok: false, error: { code: "unknown-agent" } });
});

test("a second ledger answers the same", async () => {
  const other = await startLedger({ bus, log, id: "ledger-2" });
  const answers = await Promise.all(Array.from({ length: 8 }, () => ask("counted")));
  for (const answer of answers)
    expect(answer).toMatchObject({ ok: true, ledger: { accepted: 5, handled: 3, pending: 1 } });
  await other.close();
});
