import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus, KvBucket, StoredMessage } from "@caxton/bus/types";
import { type ResendRecord, resendId, resendRecord } from "@caxton/contracts/dead-letters";
import { CaxtonError, hasCode } from "@caxton/contracts/errors";
import type { DeadLetter } from "@caxton/contracts/outcome";
import { inboxStream, resendKey, resentSubject } from "@caxton/contracts/subjects";
import { oneLine, repeatHeaders } from "./resend-message.ts";
import { readInbox, readOutcome } from "./stored-outcome.ts";

export interface ResendRequest {
  readonly agent: string;
  readonly epoch: string;
  readonly sequence: number;
  readonly actor: string;
  readonly reason: string;
  /** Also where it was sent again before. */
  readonly again: boolean;
}

export interface Resent {
  readonly record: ResendRecord & { readonly sequence: number };
  /** It was sent again before; nothing was done now. */
  readonly already: boolean;
}

export async function readResend(
  records: KvBucket,
  agent: string,
  epoch: string,
  sequence: number,
): Promise<ResendRecord | undefined> {
  const entry = await records.get(resendKey(agent, epoch, sequence));
  return entry && resendRecord.check(decodeJson(entry.value));
}

/**
 * Publishes a dead letter once more. The record of it is written first, compare-and-set, so that two who ask at once send one
 * message; a sending that broke off is completed by whoever asks next. Each sending has a subject of its own in the inbox,
 * and is stored as the first of it: a process that stood still between record and message cannot send it a second time.
 * @throws CaxtonError `unknown-message`, `inbox-full`, `message-too-large`, `wrong-sequence` where somebody else was quicker
 */
export async function resend(bus: Bus, records: KvBucket, request: ResendRequest): Promise<Resent> {
  const { agent, epoch, sequence, again } = request;
  const key = resendKey(agent, epoch, sequence);
  const stored = await readOutcome(bus, agent, epoch, sequence);
  const entry = await records.get(key);
  const known = entry && resendRecord.check(decodeJson(entry.value));
  if (known?.sequence !== undefined && !again) {
    return { record: { ...known, sequence: known.sequence }, already: true };
  }
  const letter = stored?.outcome.deadLetter;
  if (letter === undefined) throw noLetter(request, stored !== undefined);
  if (entry !== undefined && known !== undefined && !again) {
    const found = await findSent(bus, request, known);
    if (found === undefined) return await publish(bus, records, request, letter, known, entry.revision);
    const record = { ...known, sequence: found };
    await records.update(key, encodeJson(record satisfies ResendRecord), entry.revision);
    return { record, already: true };
  }
  const inbox = await readInbox(bus, agent);
  const record: ResendRecord = {
    attempt: (known?.attempt ?? 0) + 1,
    actor: oneLine(request.actor),
    reason: oneLine(request.reason),
    atMs: Date.now(),
    toEpoch: inbox.epoch,
    beyond: inbox.lastSequence,
  };
  const data = encodeJson(record satisfies ResendRecord);
  const revision = await (
    entry === undefined ? records.create(key, data) : records.update(key, data, entry.revision)
  ).catch((error: unknown) => {
    if (!hasCode(error, "wrong-sequence")) throw error;
    throw new CaxtonError("wrong-sequence", `somebody else is sending ${epoch}/${sequence} again; ask once more`);
  });
  return await publish(bus, records, request, letter, record, revision);
}

async function publish(
  bus: Bus,
  records: KvBucket,
  request: ResendRequest,
  letter: DeadLetter,
  record: ResendRecord,
  revision: number,
): Promise<Resent> {
  const { agent, epoch, sequence } = request;
  const { actor, reason, attempt } = record;
  let already = false;
  const { sequence: sentSequence } = await bus
    .store(resentSubject(agent, epoch, sequence, attempt), Buffer.from(letter.bodyBase64, "base64"), {
      headers: repeatHeaders(letter.headers, { epoch, sequence, actor, reason }),
      messageId: resendId(agent, epoch, sequence, attempt),
      expectLastSubjectSequence: 0,
    })
    .catch(async (error: unknown) => {
      const sent = hasCode(error, "wrong-sequence") ? await sentAs(bus, request, attempt) : undefined;
      if (sent === undefined) throw error;
      already = true;
      return sent;
    });
  const done = { ...record, sequence: sentSequence };
  // Whoever completed it meanwhile wrote the same.
  await records
    .update(resendKey(agent, epoch, sequence), encodeJson(done satisfies ResendRecord), revision)
    .catch((error: unknown) => {
      if (!hasCode(error, "wrong-sequence")) throw error;
    });
  return { record: done, already };
}

function sentAs(
  bus: Bus,
  { agent, epoch, sequence }: ResendRequest,
  attempt: number,
): Promise<StoredMessage | undefined> {
  return bus.streams.last(inboxStream(agent), resentSubject(agent, epoch, sequence, attempt));
}

/** Where the message stands whose sending broke off; undefined where it is not in the inbox. */
async function findSent(bus: Bus, request: ResendRequest, known: ResendRecord): Promise<number | undefined> {
  const { agent, epoch, sequence } = request;
  const sent = await sentAs(bus, request, known.attempt);
  if (sent !== undefined) return sent.sequence;
  const inbox = await readInbox(bus, agent);
  if (inbox.epoch === known.toEpoch && inbox.firstSequence <= known.beyond + 1) return undefined;
  throw new CaxtonError(
    "not-allowed-now",
    `sending ${epoch}/${sequence} again broke off, and what the inbox held then is gone: it may have been handled; --again sends it all the same`,
  );
}

function noLetter({ agent, epoch, sequence }: ResendRequest, isKept: boolean): CaxtonError {
  const why = isKept ? "it was handled" : "nothing was decided on it, or nothing of it is kept";
  return new CaxtonError(
    "unknown-message",
    `message ${sequence} of ${agent} (epoch ${epoch}) is no dead letter: ${why}`,
  );
}
