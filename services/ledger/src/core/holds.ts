import type { Hold, Kept } from "@caxton/contracts/retention";
import { spanText } from "@caxton/contracts/span-text";
import { type LanePosition, waitedForBy } from "./lanes.ts";
import { type OutcomeBound, outcomeHold, type OutcomePlace, type Room } from "./trim-plan.ts";

/** What is behind for a shorter time is on its way, and not worth a word unless it keeps the oldest. */
const worthTellingMs = 10_000;

interface Times {
  readonly nowMs: number;
  readonly keptMs: number;
  readonly pressed: boolean;
}

type Behind<Of> = Of & {
  /** When the first was stored that it has not passed; undefined where it is gone. */
  readonly sinceMs: number | undefined;
};

export interface InboxFacts extends Times {
  readonly room: Room;
  /** The first without an outcome; undefined where there is none. */
  readonly undecided: { readonly sequence: number; readonly acceptedAtMs: number } | undefined;
  /** Of the oldest; undefined where its outcome is gone. */
  readonly decidedAtMs: number | undefined;
}

export function inboxKept(facts: InboxFacts): Kept {
  const { room, undecided, decidedAtMs, nowMs, keptMs, pressed } = facts;
  const holds: Hold[] = [];
  if (undecided !== undefined) {
    const { sequence, acceptedAtMs } = undecided;
    const waitedMs = nowMs - acceptedAtMs;
    const message = `message ${sequence} was accepted ${spanText(waitedMs)} ago and is not decided; it stays, and what came after it`;
    if (sequence <= room.firstSequence) return { keptMs, pressed, holds: [{ kind: "undecided", sequence, message }] };
    if (waitedMs > worthTellingMs) holds.push({ kind: "undecided", sequence, message });
  }
  return { keptMs, pressed, holds: room.messages === 0 ? holds : [byAge(facts, room, decidedAtMs), ...holds] };
}

export interface OutcomesFacts extends Times {
  readonly room: Room;
  readonly first: OutcomePlace | undefined;
  readonly bound: OutcomeBound;
  readonly lanes: readonly Behind<LanePosition>[];
  /** That nobody has sent again, or that are kept all the same. */
  readonly deadLetters: number;
  readonly lettersKeptMs: number;
  readonly accountBytes: number;
  readonly accountMaxBytes: number;
}

export function outcomesKept(facts: OutcomesFacts): Kept {
  const { first, bound, room, keptMs, pressed, nowMs } = facts;
  if (first === undefined || room.messages === 0) return { keptMs, pressed, holds: [] };
  const { position: sequence, outcome } = first;
  const hold = outcomeHold(first, bound);
  const waitedFor = waitedForBy(sequence, outcome?.outputs ?? [], bound.lanes);
  const lanes = facts.lanes
    .filter(({ lane, sinceMs = nowMs }) => waitedFor.includes(lane) || nowMs - sinceMs > worthTellingMs)
    .map((lane) => laneHold(lane, room, nowMs));
  const oldest: Record<Exclude<NonNullable<typeof hold>, "lane">, Hold> = {
    unreadable: { kind: "unreadable", sequence, message: `what is stored as outcome ${sequence} is none` },
    "in-inbox": { kind: "in-inbox", sequence, message: `message ${outcome?.sequence ?? 0} is still in the inbox` },
    young: byAge(facts, room, outcome?.decidedAtMs),
    "not-counted": notCounted(bound, room),
    "dead-letter": letters(facts, sequence),
  };
  const rest: readonly (Hold | false)[] = [
    facts.accountBytes > facts.accountMaxBytes && account(facts, sequence),
    bound.readTo < room.lastSequence && hold !== "not-counted" && notCounted(bound, room),
    pressed && facts.deadLetters > 0 && hold !== "dead-letter" && letters(facts, sequence),
  ];
  const ofOldest = hold === undefined ? [byAge(facts, room, 0)] : hold === "lane" ? [] : [oldest[hold]];
  return { keptMs, pressed, holds: [...ofOldest, ...lanes, ...rest.filter((one) => one !== false)] };
}

export interface OutboxFacts extends Times {
  readonly room: Room;
  readonly storedAtMs: number | undefined;
  readonly consumers: readonly Behind<{ readonly name: string; readonly ackFloor: number }>[];
}

export function outboxKept(facts: OutboxFacts): Kept {
  const { room, storedAtMs, consumers, keptMs, pressed, nowMs } = facts;
  const { firstSequence, lastSequence } = room;
  if (room.messages === 0) return { keptMs, pressed, holds: [] };
  const holds = consumers
    .filter(({ ackFloor, sinceMs = nowMs }) => ackFloor < firstSequence || nowMs - sinceMs > worthTellingMs)
    .map(({ name, ackFloor }): Hold => {
      const message = `its durable consumer ${name} has acknowledged outputs up to ${ackFloor} of ${lastSequence}; what comes after that stays`;
      return { kind: "consumer", sequence: ackFloor + 1, message, by: name };
    });
  if (room.messages === 1) {
    const message = `the last output always stays: it says how far the relay came`;
    return { keptMs, pressed, holds: [...holds, { kind: "last", sequence: lastSequence, message }] };
  }
  return { keptMs, pressed, holds: [byAge(facts, room, storedAtMs), ...holds] };
}

/** The oldest is done: it is kept for a while, or goes with one of the next steps. */
function byAge({ nowMs, keptMs, pressed }: Times, { firstSequence }: Room, atMs: number | undefined): Hold {
  if (atMs === undefined || nowMs - atMs > keptMs)
    return {
      kind: "due",
      sequence: firstSequence,
      message: `${firstSequence} is done and goes with one of the next steps`,
    };
  const why = pressed ? ", since there is little room left" : "";
  const message = `what is done is kept for ${spanText(keptMs)}${why}; ${firstSequence} was done ${spanText(nowMs - atMs)} ago`;
  return { kind: "young", sequence: firstSequence, message };
}

function laneHold({ lane, position, sinceMs }: Behind<LanePosition>, { lastSequence }: Room, nowMs: number): Hold {
  const wait = sinceMs === undefined ? "" : `, the next waits for ${spanText(nowMs - sinceMs)}`;
  const message = `the lane to ${lane} has passed outcomes up to ${position} of ${lastSequence}${wait}; those after that which say something to it stay`;
  return { kind: "lane", sequence: position + 1, message, by: lane };
}

function notCounted({ readTo }: OutcomeBound, { lastSequence }: Room): Hold {
  const message = `the ledger has read outcomes up to ${readTo} of ${lastSequence}`;
  return { kind: "not-counted", sequence: readTo + 1, message };
}

function letters({ deadLetters, lettersKeptMs }: OutcomesFacts, sequence: number): Hold {
  const message = `${deadLetters} dead letters are kept for ${spanText(lettersKeptMs)}, or until they were sent again`;
  return { kind: "dead-letter", sequence, message };
}

function account({ accountBytes, accountMaxBytes }: OutcomesFacts, sequence: number): Hold {
  const message = `the ledger's account has ${accountBytes} bytes and has to be written down first, which takes ${accountMaxBytes} at most`;
  return { kind: "account", sequence, message };
}
