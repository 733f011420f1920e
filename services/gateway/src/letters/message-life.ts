import { decodeJson } from "@caxton/bus/json";
import type { Bus, StoredMessage } from "@caxton/bus/types";
import { repeatedBy } from "@caxton/contracts/dead-letters";
import { CaxtonError } from "@caxton/contracts/errors";
import type { MessageLife } from "@caxton/contracts/message-life";
import { RouteEntry } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import { header, inboxStream, resendBucket, routeBucket } from "@caxton/contracts/subjects";
import { outputPlaces } from "./output-places.ts";
import { readResend } from "@caxton/service/letters/resend";
import { readInbox, readOutcome, type StoredOutcome } from "@caxton/service/letters/stored-outcome";

const routeSchema = checker("route", RouteEntry);

/** All that is known of a message; of the newest life of the inbox unless `epoch` is given. @throws CaxtonError `unknown-agent`, `unknown-message` */
export async function readMessageLife(
  bus: Bus,
  agent: string,
  sequence: number,
  epochWanted: string | undefined,
): Promise<MessageLife> {
  const inbox = await readInbox(bus, agent);
  const epoch = epochWanted ?? inbox.epoch;
  const isCurrent = epoch === inbox.epoch;
  const [message, stored, resent] = await Promise.all([
    isCurrent && sequence <= inbox.lastSequence ? bus.streams.get(inboxStream(agent), sequence) : undefined,
    readOutcome(bus, agent, epoch, sequence),
    bus.kv(resendBucket).then((records) => readResend(records, agent, epoch, sequence)),
  ]);
  if (message === undefined && stored === undefined && (!isCurrent || sequence > inbox.lastSequence)) {
    const last = isCurrent ? `; the newest is ${inbox.lastSequence}` : "";
    throw new CaxtonError(
      "unknown-message",
      `nothing is kept of a message ${sequence} of ${agent} in epoch ${epoch}${last}`,
    );
  }
  const state = stored?.outcome.result ?? (message === undefined ? "trimmed" : "pending");
  return {
    agent,
    epoch,
    sequence,
    state,
    kept: message !== undefined,
    attempts: [],
    outputs: [],
    ...fromMessage(message),
    ...(stored === undefined ? {} : await fromOutcome(bus, stored)),
    ...(resent === undefined ? {} : { resent }),
    ...(state === "pending" ? { pendingBecause: await pendingReason(bus, agent) } : {}),
    ...repeatsOf(agent, message?.headers ?? stored?.outcome.deadLetter?.headers, stored?.outcome.messageId),
  };
}

function fromMessage(message: StoredMessage | undefined): Partial<MessageLife> {
  if (message === undefined) return {};
  const { headers, data, storedAtMs } = message;
  const hops = Number(headers[header.hops] ?? 0);
  return {
    ...optional("messageId", headers[header.messageId]),
    ...optional("kind", headers[header.kind]),
    receivedAtMs: storedAtMs,
    ...(Number.isSafeInteger(hops) && hops >= 0 ? { hops } : {}),
    headers: { ...headers },
    bodyBase64: Buffer.from(data).toString("base64"),
  };
}

async function fromOutcome(bus: Bus, stored: StoredOutcome): Promise<Partial<MessageLife>> {
  const { messageId, receivedAtMs, decidedAtMs, hops, version, attempts, deadLetter } = stored.outcome;
  return {
    messageId,
    receivedAtMs,
    decidedAtMs,
    hops,
    ...optional("version", version),
    attempts,
    outputs: await outputPlaces(bus, stored),
    ...(deadLetter === undefined
      ? {}
      : {
          deadLetter: { code: deadLetter.code, reason: deadLetter.reason },
          headers: deadLetter.headers,
          bodyBase64: deadLetter.bodyBase64,
          ...optional("kind", deadLetter.headers[header.kind]),
        }),
  };
}

function repeatsOf(
  agent: string,
  headers: Readonly<Record<string, string>> | undefined,
  messageId: string | undefined,
): { repeats?: string } {
  return optional(
    "repeats",
    headers?.[header.repeats] ?? (messageId === undefined ? undefined : repeatedBy(agent, messageId)),
  );
}

async function pendingReason(bus: Bus, agent: string): Promise<string> {
  const entry = await (await bus.kv(routeBucket)).get(agent);
  const targets = entry === undefined ? [] : routeSchema.check(decodeJson(entry.value)).targets;
  if (targets.length === 0) return `no version of ${agent} receives messages; deploy one`;
  const versions = targets.map(({ version }) => version).join(", ");
  return `it waits for its turn, or is being worked on, by ${versions}; \`caxton status\` shows whether instances are there`;
}

function optional<Name extends string>(name: Name, value: string | undefined): Partial<Record<Name, string>> {
  const one: Partial<Record<Name, string>> = {};
  if (value !== undefined) one[name] = value;
  return one;
}
