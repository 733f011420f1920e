import type { Outcome } from "@caxton/contracts/outcome";
import { expect, test } from "vitest";
import { OutcomeFeed } from "./outcome-feed.ts";

const outcomeOf = (sequence: number): Outcome => ({
  schemaVersion: 1,
  agent: "echo",
  epoch: "1",
  sequence,
  messageId: `1/${sequence}`,
  result: "handled",
  attempts: [],
  outputs: [],
  hops: 0,
  receivedAtMs: 0,
  decidedAtMs: 0,
});
const { signal } = new AbortController();
const soon = { idleMs: 1, signal };
const late = { idleMs: 60_000, signal };

function store(feed: OutcomeFeed, from: number, to: number, bytes = 1): void {
  for (let sequence = from; sequence <= to; sequence += 1) feed.stored(sequence, outcomeOf(sequence), bytes);
}
const sequences = (outcomes: readonly Outcome[] | undefined): readonly number[] | undefined =>
  outcomes?.map(({ sequence }) => sequence);

test("a reader turns to the feed after a long run, and gets what comes next, once", async () => {
  const feed = new OutcomeFeed();
  const reader = feed.reader(1, late);
  store(feed, 1, 255);
  expect(reader.passed(250)).toBe(false);
  store(feed, 256, 256);
  expect(reader.passed(250)).toBe(true);
  expect(sequences(await reader.take())).toEqual([251, 252, 253, 254, 255, 256]);
  const waiting = reader.take();
  store(feed, 257, 257);
  expect(sequences(await waiting)).toEqual([257]);
});

test("what others stored between is never jumped over", async () => {
  const feed = new OutcomeFeed();
  const reader = feed.reader(1, late);
  store(feed, 1, 300);
  expect((await reader.take())?.length).toBe(300);
  const waiting = reader.take();
  store(feed, 302, 302);
  expect(await waiting).toBeUndefined();
  expect(reader.next).toBe(301);
  store(feed, 303, 900);
  expect(reader.passed(301)).toBe(true);
  expect((await reader.take())?.[0]?.sequence).toBe(302);
});

test.each(["a sequence that went backwards", "an interruption"])("after %s it is another run", async (what) => {
  const feed = new OutcomeFeed();
  const reader = feed.reader(1, soon);
  store(feed, 1, 300);
  await reader.take();
  if (what === "an interruption") feed.interrupted();
  else store(feed, 300, 300);
  expect(await reader.take()).toBeUndefined();
});

test("silence ends a wait, and so does the signal", async () => {
  const feed = new OutcomeFeed();
  const reader = feed.reader(1, soon);
  store(feed, 1, 300);
  await reader.take();
  expect(await reader.take()).toBeUndefined();
  const stop = new AbortController();
  const other = feed.reader(301, { idleMs: 60_000, signal: stop.signal });
  const waiting = other.take();
  stop.abort();
  expect(await waiting).toBeUndefined();
  expect(await other.take()).toBeUndefined();
});

test("what a slow reader leaves is bounded; it has to read the stream then, others do not", async () => {
  const feed = new OutcomeFeed();
  const slow = feed.reader(1, soon);
  const quick = feed.reader(1, soon);
  store(feed, 1, 3);
  expect((await quick.take())?.length).toBe(3);
  expect((await slow.take())?.length).toBe(3);
  store(feed, 4, 20, 1024 * 1024);
  expect(await slow.take()).toBeUndefined();
  expect(await quick.take()).toBeUndefined();
  store(feed, 21, 5_000);
  expect(slow.passed(4_000)).toBe(true);
  expect((await slow.take())?.length).toBe(1_000);
});

test("nothing is kept where nobody reads", async () => {
  const feed = new OutcomeFeed();
  feed.reader(1, soon).close();
  store(feed, 1, 300);
  const reader = feed.reader(1, soon);
  expect(await reader.take()).toBeUndefined();
});
