import { setTimeout as delay } from "node:timers/promises";
import { inboxStream, outcomeStream, routerConsumer } from "@caxton/contracts/subjects";
import type { Effect } from "@caxton/deployment/next";
import { redrivable, type Redrivable } from "@caxton/service/letters/redrivable";
import { readInbox } from "@caxton/service/letters/stored-outcome";
import { positionAt } from "@caxton/service/position-at";
import { deploymentOf, type EffectContext, type EffectResult } from "./effect-context.ts";
import { RedriveBook } from "./redrive-book.ts";
import { sendBatch } from "./redrive-batch.ts";

/** What is written down and sent in one go. */
const batchMax = 200;
/** Messages of others come first: nothing is sent while so many wait in the inbox. */
const waitingMax = 1_000;
const lookAgainMs = 100;

/**
 * Sends what a version that was taken back handled or failed once more, batch by batch, until the end or until it is stopped.
 * Whoever does it next goes on where the book says.
 */
export async function redrive(effect: Effect & { kind: "redrive" }, context: EffectContext): EffectResult {
  const { bus, agent, state, signal } = context;
  const { deployment: id, version } = effect;
  const { redrive: asked, validatedAtMs = 0 } = deploymentOf(state, id);
  if (asked === undefined) return undefined;
  const { limit = Infinity, actor, reason } = asked;
  const outcomes = await bus.streams.info(outcomeStream(agent));
  const outcomeEpochMs = outcomes?.createdAtMs ?? 0;
  const book = await RedriveBook.open(bus, { agent, deployment: id, redrive: asked, outcomeEpochMs });
  let batch: Redrivable[] = [];

  /** @param to everything up to this position is done then */
  async function flush(to: number): Promise<void> {
    await untilRoom(book, context);
    if (signal.aborted) return;
    const { cutOff } = book;
    if (cutOff === undefined) await book.begin(to, await readInbox(bus, agent));
    const order = { agent, actor, reason, cutOff };
    const sent = await sendBatch(bus, order, batch);
    await book.finish(cutOff?.to ?? to, sent);
    context.redriven(version, sent);
    batch = [];
  }

  const first = await positionAt(bus.streams, outcomeStream(agent), validatedAtMs);
  const range = { fromPosition: Math.max(first, book.doneTo + 1), outcomeEpochMs, signal };
  let isCutShort = false;
  for await (const found of redrivable(bus, agent, version, range)) {
    if (!book.isDue(found)) continue;
    // A batch that somebody began is ended as it was begun.
    if (book.cutOff !== undefined && found.position > book.cutOff.to) await flush(book.cutOff.to);
    isCutShort = book.cutOff === undefined && book.tally.redriven + batch.length >= limit;
    if (isCutShort || signal.aborted) break;
    batch.push(found);
    if (batch.length >= batchMax && book.cutOff === undefined) await flush(found.position);
  }
  if (!signal.aborted && book.cutOff !== undefined) await flush(book.cutOff.to);
  if (isCutShort && batch.length > 0) await flush(batch.at(-1)?.position ?? 0);
  if (!isCutShort && !signal.aborted) await flush(outcomes?.lastSequence ?? 0);
  if (signal.aborted) return undefined;
  return { type: "redrive-finished", deployment: id, number: asked.number, tally: book.tally };
}

/** Until few enough messages wait in the inbox; what it waits for is in the book meanwhile. */
async function untilRoom(book: RedriveBook, { bus, agent, signal }: EffectContext): Promise<void> {
  while (!signal.aborted) {
    const { epoch } = await readInbox(bus, agent);
    const consumers = await bus.streams.consumers(inboxStream(agent));
    const consumer = consumers.find(({ name }) => name === routerConsumer(epoch));
    const waiting = consumer === undefined ? undefined : consumer.pending + consumer.ackPending;
    if (waiting !== undefined && waiting < waitingMax) return;
    await book.wait(
      waiting === undefined
        ? `no router takes messages of ${agent}`
        : `${waiting} messages wait in the inbox of ${agent}; it goes on below ${waitingMax}`,
    );
    await delay(lookAgainMs, undefined, { signal }).catch(() => undefined);
  }
}
