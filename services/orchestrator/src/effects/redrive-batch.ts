import type { Bus, KvBucket } from "@caxton/bus/types";
import { hasCode } from "@caxton/contracts/errors";
import { resendId } from "@caxton/contracts/dead-letters";
import type { Outcome } from "@caxton/contracts/outcome";
import { addTallies, emptyTally } from "@caxton/contracts/redrive";
import { inboxStream, resendBucket, resentSubject } from "@caxton/contracts/subjects";
import type { RedriveTally } from "@caxton/deployment/redrive";
import type { Redrivable } from "@caxton/service/letters/redrivable";
import { resend } from "@caxton/service/letters/resend";
import { repeatHeaders } from "@caxton/service/letters/resend-message";
import { type Inbox, readInbox } from "@caxton/service/letters/stored-outcome";
import type { Batch } from "./redrive-book.ts";

export interface BatchOrder {
  readonly agent: string;
  /** Who wants it and why, as it stands in the new messages. */
  readonly actor: string;
  readonly reason: string;
  /** It was begun before, and nobody knows how far it came. */
  readonly cutOff: Batch | undefined;
}

/** What is asked of the bus at once. */
const atOnce = 50;
/** A message that was handled is sent again once; only dead letters may be sent again by people as often as they like. */
const attempt = 1;

type Became = keyof RedriveTally;

/**
 * Puts messages into the inbox once more. Each has a subject of its own there, which takes one message: what is sent twice
 * is refused.
 * @throws CaxtonError `inbox-full` and whatever the bus says: the batch may be sent again, as one that was cut off
 */
export async function sendBatch(bus: Bus, order: BatchOrder, batch: readonly Redrivable[]): Promise<RedriveTally> {
  const records = await bus.kv(resendBucket);
  let tally: RedriveTally = emptyTally;
  for (let at = 0; at < batch.length; at += atOnce) {
    const inbox = await readInbox(bus, order.agent);
    const became = await Promise.all(
      batch
        .slice(at, at + atOnce)
        .map(({ outcome }) =>
          outcome.result === "handled" ? again(bus, order, outcome, inbox) : letter(bus, records, order, outcome),
        ),
    );
    for (const one of became) tally = addTallies(tally, { ...emptyTally, [one]: 1 });
  }
  return tally;
}

async function again(bus: Bus, order: BatchOrder, { epoch, sequence }: Outcome, inbox: Inbox): Promise<Became> {
  const { agent, cutOff, actor, reason } = order;
  const subject = resentSubject(agent, epoch, sequence, attempt);
  if (cutOff !== undefined) {
    if ((await bus.streams.last(inboxStream(agent), subject)) !== undefined) return "redriven";
    const isWhole = inbox.epoch === cutOff.toEpoch && inbox.firstSequence <= cutOff.beyond + 1;
    if (!isWhole) return "unknown";
  }
  const message = epoch === inbox.epoch ? await bus.streams.get(inboxStream(agent), sequence) : undefined;
  if (message === undefined) return "gone";
  try {
    await bus.store(subject, message.data, {
      headers: repeatHeaders(message.headers, { epoch, sequence, actor, reason }),
      messageId: resendId(agent, epoch, sequence, attempt),
      expectLastSubjectSequence: 0,
    });
    return "redriven";
  } catch (error) {
    if (hasCode(error, "wrong-sequence")) return "already";
    if (hasCode(error, "message-too-large")) return "unfit";
    throw error;
  }
}

/** By the record of its own that every dead letter has which is sent again, whoever does it. */
async function letter(bus: Bus, records: KvBucket, order: BatchOrder, outcome: Outcome): Promise<Became> {
  const { agent, actor, reason, cutOff } = order;
  const { epoch, sequence } = outcome;
  try {
    const { already } = await resend(bus, records, { agent, epoch, sequence, actor, reason, again: false });
    return already && cutOff === undefined ? "already" : "redriven";
  } catch (error) {
    if (hasCode(error, "unknown-message")) return "gone";
    if (hasCode(error, "wrong-sequence")) return "already";
    if (hasCode(error, "message-too-large")) return "unfit";
    if (hasCode(error, "not-allowed-now")) return "unknown";
    throw error;
  }
}
