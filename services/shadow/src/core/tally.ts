import Type, { type Static } from "@caxton/contracts/type";
import { pointOf } from "@caxton/deployment/split";
import type { Difference } from "./outputs.ts";

const Count = Type.Integer({ minimum: 0 });
const Sample = Type.Object({
  sequence: Count,
  messageId: Type.String(),
  live: Type.String(),
  shadow: Type.String(),
});
const Spans = Type.Array(Type.Object({ spent: Type.Number(), done: Type.Number() }));
const Memory = Type.Object({ samples: Type.Array(Type.Number()), max: Type.Number() });

/** What a shadow has counted so far: bounded, and JSON, so that whoever carries on begins with it. */
export const Tally = Type.Object({
  read: Count,
  notSampled: Count,
  notHandled: Count,
  missed: Type.Object({ trimmed: Count, behind: Count, unanswered: Count }),
  /** By live version: how many messages differ in just these groups, by their places; "" is those that do not differ. */
  perLive: Type.Record(Type.String(), Type.Object({ unlike: Type.Record(Type.String(), Count), failed: Count })),
  groups: Type.Record(
    Type.String(),
    Type.Object({ messages: Count, selfRuns: Count, selfDiffered: Count, samples: Type.Array(Sample) }),
  ),
  failures: Type.Record(
    Type.String(),
    Type.Object({ messages: Count, reason: Type.String(), messageIds: Type.Array(Type.String()) }),
  ),
  self: Type.Object({ runs: Count, differed: Count, unanswered: Count }),
  /** Of the same messages, a sample of them where there are many. */
  latencies: Type.Object({ seen: Count, live: Type.Array(Type.Number()), shadow: Type.Array(Type.Number()) }),
  cpuMs: Type.Object({ live: Spans, shadow: Spans }),
  memoryBytes: Type.Object({ live: Memory, shadow: Memory }),
});
export type Tally = Static<typeof Tally>;

export function emptyTally(): Tally {
  return {
    read: 0,
    notSampled: 0,
    notHandled: 0,
    missed: { trimmed: 0, behind: 0, unanswered: 0 },
    perLive: {},
    groups: {},
    failures: {},
    self: { runs: 0, differed: 0, unanswered: 0 },
    latencies: { seen: 0, live: [], shadow: [] },
    cpuMs: { live: [], shadow: [] },
    memoryBytes: { live: { samples: [], max: 0 }, shadow: { samples: [], max: 0 } },
  };
}

/**
 * All of it has to fit into one message of the bus, twice: so many groups are told apart, so many sets of them, and so many
 * live versions; what comes after is counted as `elsewhere`.
 */
const groupsMax = 80;
const setsMax = 100;
const setSizeMax = 16;
const livesMax = 8;
const codesMax = 20;
const samplesMax = 3;
const groupMaxCharacters = 160;
const idMaxCharacters = 96;
const reasonMaxCharacters = 200;
const pairsMax = 2_000;
const spansMax = 400;
export const elsewhere = "elsewhere";

/** A message, and the live version whose outcome it has. */
export interface Judged {
  readonly live: string;
  readonly sequence: number;
  readonly messageId: string;
}

export function countCompared(tally: Tally, message: Judged, differences: readonly Difference[]): void {
  const byGroup = new Map<string, Difference>();
  for (const difference of differences) {
    const name = byGroup.size < setSizeMax - 1 ? difference.group : elsewhere;
    const group = knownGroup(tally, name);
    if (!byGroup.has(group)) byGroup.set(group, difference);
  }
  for (const [group, { live, shadow }] of byGroup) {
    const found = groupOf(tally, group);
    found.messages += 1;
    if (found.samples.length >= samplesMax) continue;
    found.samples.push({
      sequence: message.sequence,
      messageId: cut(message.messageId, idMaxCharacters),
      live,
      shadow,
    });
  }
  const { unlike } = liveOf(tally, message.live);
  const names = Object.keys(tally.groups);
  const set = [...byGroup.keys()]
    .map((group) => names.indexOf(group))
    .toSorted((a, b) => a - b)
    .join();
  const isKnown = Object.hasOwn(unlike, set) || Object.keys(unlike).length < setsMax || set === "";
  const counted = isKnown ? set : placeOf(tally, elsewhere);
  unlike[counted] = (unlike[counted] ?? 0) + 1;
}

export function countFailed(tally: Tally, message: Judged, code: string, reason: string): void {
  liveOf(tally, message.live).failed += 1;
  const isKnown = Object.hasOwn(tally.failures, code) || Object.keys(tally.failures).length < codesMax;
  const failure = (tally.failures[isKnown ? code : elsewhere] ??= {
    messages: 0,
    reason: cut(reason, reasonMaxCharacters),
    messageIds: [],
  });
  failure.messages += 1;
  if (failure.messageIds.length < samplesMax) failure.messageIds.push(cut(message.messageId, idMaxCharacters));
}

/** The live version handled a message again: where it differs from itself, and of which groups that says something. */
export function countSelf(tally: Tally, unlikeShadow: readonly string[], unlikeItself: readonly Difference[]): void {
  tally.self.runs += 1;
  if (unlikeItself.length > 0) tally.self.differed += 1;
  const itself = new Set(unlikeItself.map(({ group }) => knownGroup(tally, group)));
  for (const group of itself) groupOf(tally, group).selfDiffered += 1;
  for (const group of new Set([...unlikeShadow.map((one) => knownGroup(tally, one)), ...itself])) {
    groupOf(tally, group).selfRuns += 1;
  }
}

/** Keeps a sample of all pairs, each as likely as any other. */
export function noteLatencies(tally: Tally, seed: string, liveMs: number, shadowMs: number): void {
  const { latencies } = tally;
  latencies.seen += 1;
  const place =
    latencies.live.length < pairsMax
      ? latencies.live.length
      : Math.floor(pointOf(seed, String(latencies.seen)) * latencies.seen);
  if (place >= pairsMax) return;
  latencies.live[place] = rounded(liveMs);
  latencies.shadow[place] = rounded(shadowMs);
}

export type Side = "live" | "shadow";

export function noteCpu(tally: Tally, side: Side, spentMs: number, messages: number): void {
  const spans = tally.cpuMs[side];
  spans.push({ spent: rounded(spentMs), done: messages });
  if (spans.length <= spansMax) return;
  // Two neighbours become one span of twice the length.
  tally.cpuMs[side] = pairsOf(spans).map(([a, b]) => ({
    spent: a.spent + (b?.spent ?? 0),
    done: a.done + (b?.done ?? 0),
  }));
}

export function noteMemory(tally: Tally, side: Side, bytes: number): void {
  const memory = tally.memoryBytes[side];
  memory.samples.push(bytes);
  memory.max = Math.max(memory.max, bytes);
  if (memory.samples.length > spansMax)
    memory.samples = pairsOf(memory.samples).map(([a, b]) => Math.round((a + (b ?? a)) / 2));
}

/** The groups that a set of them is written as: by their places. */
export function groupsOfSet(tally: Tally, set: string): readonly string[] {
  const names = Object.keys(tally.groups);
  return set === "" ? [] : set.split(",").map((place) => names[Number(place)] ?? elsewhere);
}

function knownGroup(tally: Tally, name: string): string {
  const group = cut(name, groupMaxCharacters);
  return Object.hasOwn(tally.groups, group) || Object.keys(tally.groups).length < groupsMax ? group : elsewhere;
}

function groupOf(tally: Tally, group: string): Tally["groups"][string] {
  return (tally.groups[group] ??= { messages: 0, selfRuns: 0, selfDiffered: 0, samples: [] });
}

function placeOf(tally: Tally, group: string): string {
  groupOf(tally, group);
  return String(Object.keys(tally.groups).indexOf(group));
}

function liveOf(tally: Tally, version: string): Tally["perLive"][string] {
  const isKnown = Object.hasOwn(tally.perLive, version) || Object.keys(tally.perLive).length < livesMax;
  return (tally.perLive[isKnown ? version : elsewhere] ??= { unlike: {}, failed: 0 });
}

function cut(text: string, maxCharacters: number): string {
  return text.length > maxCharacters ? `${text.slice(0, maxCharacters - 1)}…` : text;
}

function pairsOf<Item>(items: readonly Item[]): readonly (readonly [Item, Item | undefined])[] {
  return items.flatMap((item, index) => (index % 2 === 0 ? [[item, items[index + 1]] as const] : []));
}

/** Microseconds are enough, and shorter. */
function rounded(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
