import type { Bus, StoredMessage, StreamInfo } from "@caxton/bus/types";
import { epochOf } from "@caxton/contracts/outcome";
import type { Kept, RetentionAnswer } from "@caxton/contracts/retention";
import { inboxStream, outboxStream, outcomeStream, outcomeSubject } from "@caxton/contracts/subjects";
import { readOutcome } from "@caxton/service/outcomes";
import { inboxKept, outboxKept, outcomesKept } from "../core/holds.ts";
import { keptForMs } from "../core/trim-plan.ts";
import { relayLanes } from "./relay-lanes.ts";
import { arePressed, roomOf, type TrimContext } from "./trim-context.ts";
import { outcomeBound } from "./trim-outcomes.ts";

type RetentionKept = Extract<RetentionAnswer, { ok: true }>["kept"];

interface Streams {
  readonly inbox: StreamInfo | undefined;
  readonly outcomes: StreamInfo | undefined;
  readonly deadLetters: number;
  readonly pressed: boolean;
  readonly nowMs: number;
}

/** Why this ledger keeps what an agent's streams hold. */
export async function retentionOf(context: TrimContext): Promise<RetentionKept> {
  const { bus, agent, settings, books } = context;
  // What is stored by now is read first.
  const { total: deadLetters } = await books().deadLetters({ limit: 1 });
  const [inbox, outcomes, outbox] = await Promise.all(
    [inboxStream, outcomeStream, outboxStream].map((name) => bus.streams.info(name(agent))),
  );
  const pressed = arePressed([inbox, outcomes], settings);
  const streams = { inbox, outcomes, deadLetters, pressed, nowMs: Date.now() };
  return {
    ...(inbox === undefined ? {} : { inbox: await ofInbox(context, inbox, streams) }),
    ...(outcomes === undefined ? {} : { outcomes: await ofOutcomes(context, outcomes, streams) }),
    ...(outbox === undefined ? {} : { outbox: await ofOutbox(context, outbox, streams.nowMs) }),
  };
}

async function ofInbox(
  { bus, agent, books, settings }: TrimContext,
  info: StreamInfo,
  { pressed, nowMs }: Streams,
): Promise<Kept> {
  const epoch = epochOf(info.createdAtMs);
  const undecided = Math.max(books().undecidedFrom(epoch), info.firstSequence);
  const [accepted, outcome] = await Promise.all([
    undecided > info.lastSequence ? undefined : bus.streams.get(info.name, undecided),
    bus.streams.last(outcomeStream(agent), outcomeSubject(agent, epoch, info.firstSequence)),
  ]);
  return inboxKept({
    room: roomOf(info),
    undecided: accepted && { sequence: undecided, acceptedAtMs: accepted.storedAtMs },
    decidedAtMs: outcome?.storedAtMs,
    nowMs,
    pressed,
    keptMs: keptForMs(settings.inboxRetentionMs, pressed, settings),
  });
}

async function ofOutcomes(
  { bus, agent, books, settings }: TrimContext,
  info: StreamInfo,
  { inbox, deadLetters, pressed, nowMs }: Streams,
): Promise<Kept> {
  const keptMs = keptForMs(settings.outcomeRetentionMs, pressed, settings);
  if (inbox === undefined) return { keptMs, pressed, holds: [] };
  const at = books();
  const positions = await relayLanes(bus, agent, info);
  const [stored, lanes] = await Promise.all([
    first(bus, info),
    Promise.all(positions.map(async (lane) => ({ ...lane, sinceMs: await storedAfter(bus, info, lane.position) }))),
  ]);
  return outcomesKept({
    room: roomOf(info),
    first: stored && { position: info.firstSequence, outcome: readOutcome(stored.data) },
    bound: outcomeBound({ info, inbox, pressed, settings }, positions, at.position),
    lanes,
    deadLetters,
    lettersKeptMs: settings.outcomeRetentionMs,
    accountBytes: at.accountBytes,
    accountMaxBytes: bus.maxPayloadBytes,
    nowMs,
    pressed,
    keptMs,
  });
}

async function ofOutbox({ bus, settings }: TrimContext, info: StreamInfo, nowMs: number): Promise<Kept> {
  const durable = (await bus.streams.consumers(info.name)).filter((consumer) => consumer.durable);
  const [oldest, consumers] = await Promise.all([
    first(bus, info),
    Promise.all(
      durable
        .filter(({ ackFloor }) => ackFloor < info.lastSequence)
        .map(async ({ name, ackFloor }) => ({ name, ackFloor, sinceMs: await storedAfter(bus, info, ackFloor) })),
    ),
  ]);
  const room = roomOf(info);
  return outboxKept({
    room,
    storedAtMs: oldest?.storedAtMs,
    consumers,
    nowMs,
    pressed: false,
    keptMs: settings.outboxRetentionMs,
  });
}

/** The oldest message; a stream that never held one begins at 0. */
async function first(bus: Bus, info: StreamInfo): Promise<StoredMessage | undefined> {
  return info.messages === 0 ? undefined : await bus.streams.get(info.name, info.firstSequence);
}

/** When the message after a position was stored; undefined where there is none, or none any more. */
async function storedAfter(bus: Bus, info: StreamInfo, position: number): Promise<number | undefined> {
  const sequence = Math.max(position + 1, info.firstSequence);
  return sequence > info.lastSequence ? undefined : (await bus.streams.get(info.name, sequence))?.storedAtMs;
}
