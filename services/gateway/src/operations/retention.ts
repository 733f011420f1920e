import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { hasCode } from "@caxton/contracts/errors";
import { type Kept, type Retention, type RetentionAnswer, retentionAnswer } from "@caxton/contracts/retention";
import type { StreamRetention } from "@caxton/contracts/retention";
import { inboxStream, outboxStream, outcomeStream, retentionSubject } from "@caxton/contracts/subjects";
import { relayWaits } from "../core/lane-waits.ts";
import { readLanes } from "./placement.ts";

/** Who does not answer within this time is left out. */
const answerTimeoutMs = 4_000;

/** What is kept of an agent, as its streams have it, and why, as a ledger says. @throws CaxtonError `bus-unavailable` */
export async function readRetention(bus: Bus, agent: string, nowMs: number): Promise<Retention> {
  const [inbox, outcomes, outbox, answer, lanes] = await Promise.all([
    ofStream(bus, inboxStream(agent)),
    ofStream(bus, outcomeStream(agent)),
    ofStream(bus, outboxStream(agent)),
    askLedger(bus, agent),
    readLanes(bus, agent),
  ]);
  const waits = relayWaits(lanes);
  const kept = answer.ok ? answer.kept : undefined;
  return {
    agent,
    ...(inbox === undefined ? {} : { inbox: withKept(inbox, kept?.inbox) }),
    ...(outcomes === undefined
      ? {}
      : { outcomes: withKept(outcomes, kept?.outcomes && explained(kept.outcomes, waits)) }),
    ...(outbox === undefined ? {} : { outbox: withKept(outbox, kept?.outbox) }),
    ...(answer.ok || inbox === undefined ? {} : { unexplained: answer.error }),
    asOfMs: nowMs,
  };
}

async function ofStream(bus: Bus, stream: string): Promise<StreamRetention | undefined> {
  const info = await bus.streams.info(stream);
  if (info === undefined) return undefined;
  const { firstSequence, lastSequence, messages, bytes, spec } = info;
  const { maxBytes, maxMessages, maxMessageBytes } = spec;
  const first = messages === 0 ? undefined : await bus.streams.get(stream, firstSequence);
  return {
    stream,
    firstSequence,
    lastSequence,
    messages,
    bytes,
    maxBytes,
    ...(maxMessages === undefined ? {} : { maxMessages }),
    maxMessageBytes,
    ...(first === undefined ? {} : { firstStoredAtMs: first.storedAtMs }),
  };
}

function withKept(stream: StreamRetention, kept: Kept | undefined): StreamRetention {
  return kept === undefined ? stream : { ...stream, kept };
}

/** What a lane waits for is known to the router that relays. */
function explained(kept: Kept, waits: ReturnType<typeof relayWaits>): Kept {
  const holds = kept.holds.map((hold) => {
    const waitsFor = hold.kind === "lane" ? waits.get(hold.by ?? "") : undefined;
    return waitsFor === undefined
      ? hold
      : { ...hold, message: `${hold.message}. It waits: ${waitsFor.message} (${waitsFor.code})` };
  });
  return { ...kept, holds };
}

async function askLedger(bus: Bus, agent: string): Promise<RetentionAnswer> {
  try {
    const { data } = await bus.request(retentionSubject(agent), encodeJson({}), { timeoutMs: answerTimeoutMs });
    return retentionAnswer.check(decodeJson(data));
  } catch (error) {
    if (!hasCode(error, "no-instance", "timeout")) throw error;
    const message = "no ledger answers; until one does nothing is taken away";
    return { ok: false, error: { code: "service-unavailable", message } };
  }
}
