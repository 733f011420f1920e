import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { KvBucket } from "@caxton/bus/types";
import { type DeadLetterEntry, deadLettersAnswer, deadLettersMax } from "@caxton/contracts/dead-letters";
import { CaxtonError, hasCode, isErrorCode, toCaxtonError } from "@caxton/contracts/errors";
import type {
  AgentMessages,
  DeadLetterSchema,
  ResendResultSchema,
  ResendSchema,
} from "@caxton/contracts/gen/caxton/v1/messages_pb.js";
import { deadLettersSubject, resendBucket } from "@caxton/contracts/subjects";
import type { ServiceImpl } from "@connectrpc/connect";
import { resolveAgent } from "../core/resolve-id.ts";
import { toJsonObject } from "../json-object.ts";
import { readMessageLife } from "../letters/message-life.ts";
import { readResend, resend } from "@caxton/service/letters/resend";
import { readInbox, readOutcome, requireEpoch, requireSequence } from "@caxton/service/letters/stored-outcome";
import type { ApiContext } from "./api-context.ts";
import type { OutputsApi } from "./outputs-api.ts";
import type { RedriveApi } from "./redrive-api.ts";

const answerTimeoutMs = 5_000;
const listedUnlessGiven = 50;
const resendMax = 100;
/** What is asked of the bus at once. */
const atOnce = 50;

export function lettersApi({
  bus,
  projection,
}: ApiContext): Omit<ServiceImpl<typeof AgentMessages>, keyof OutputsApi | keyof RedriveApi> {
  async function withResend(
    records: KvBucket,
    agent: string,
    entry: DeadLetterEntry,
  ): Promise<MessageInitShape<typeof DeadLetterSchema>> {
    const { decidedAtMs, version = "", ...rest } = entry;
    const resent = await resendMessage(records, agent, entry);
    const letter = { ...rest, version, decidedAt: timestampFromMs(decidedAtMs) };
    return resent === undefined ? letter : { ...letter, resent };
  }

  async function resendMessage(
    records: KvBucket,
    agent: string,
    { epoch, sequence }: DeadLetterEntry,
  ): Promise<MessageInitShape<typeof ResendSchema> | undefined> {
    const record = await readResend(records, agent, epoch, sequence);
    if (record === undefined) return undefined;
    const { attempt, actor, reason, atMs, toEpoch } = record;
    return {
      attempt,
      actor,
      reason,
      at: timestampFromMs(atMs),
      epoch: toEpoch,
      sequence: record.sequence ?? 0,
      became: record.sequence === undefined ? "unknown" : await became(agent, toEpoch, record.sequence),
    };
  }

  async function became(agent: string, epoch: string, sequence: number): Promise<string> {
    const outcome = await readOutcome(bus, agent, epoch, sequence);
    if (outcome !== undefined) return outcome.outcome.result;
    const inbox = await readInbox(bus, agent);
    return inbox.epoch === epoch && sequence >= inbox.firstSequence ? "pending" : "unknown";
  }

  return {
    async listDeadLetters({ agent: typed, code, version, since, limit, afterPosition, epoch }, { signal }) {
      const { agent } = resolveAgent(projection.views(), typed);
      const question = {
        limit: within("limit", limit ?? listedUnlessGiven, deadLettersMax),
        ...(code === "" ? {} : { code }),
        ...(version === "" ? {} : { version }),
        ...(epoch === "" ? {} : { epoch: requireEpoch(epoch) }),
        ...(since === undefined ? {} : { sinceMs: timestampMs(since) }),
        ...(afterPosition === undefined ? {} : { afterPosition }),
      };
      const asked = { timeoutMs: answerTimeoutMs, signal };
      const response = await bus
        .request(deadLettersSubject(agent), encodeJson(question), asked)
        .catch((error: unknown) => {
          if (!hasCode(error, "no-instance", "timeout")) throw error;
          throw new CaxtonError("service-unavailable", "no ledger answers; is one running?", { cause: error });
        });
      const answer = deadLettersAnswer.check(decodeJson(response.data));
      if (!answer.ok) {
        throw new CaxtonError(isErrorCode(answer.error.code) ? answer.error.code : "internal", answer.error.message);
      }
      const records = await bus.kv(resendBucket);
      const letters = await inTurns(answer.letters, (entry) => withResend(records, agent, entry));
      return { agent, letters, total: answer.total };
    },

    async resendDeadLetters({ agent: typed, letters, actor, reason, again }) {
      const { agent } = resolveAgent(projection.views(), typed);
      within("the number of letters", letters.length, resendMax);
      const newest = letters.every(({ epoch }) => epoch !== "") ? "" : (await readInbox(bus, agent)).epoch;
      const places = letters.map(({ epoch, sequence }) => ({
        epoch: epoch === "" ? newest : requireEpoch(epoch),
        sequence: requireSequence(sequence),
      }));
      const records = await bus.kv(resendBucket);
      const results = await inTurns(
        places,
        async ({ epoch, sequence }): Promise<MessageInitShape<typeof ResendResultSchema>> => {
          try {
            const { record, already } = await resend(bus, records, { agent, epoch, sequence, actor, reason, again });
            return { epoch, sequence, resentAs: record.sequence, resentEpoch: record.toEpoch, already };
          } catch (error) {
            const { code, message } = toCaxtonError(error);
            return { epoch, sequence, errorCode: code, errorMessage: message };
          }
        },
      );
      return { agent, results };
    },

    async getMessage({ agent: typed, sequence, epoch }) {
      const { agent } = resolveAgent(projection.views(), typed);
      const wanted = epoch === "" ? undefined : requireEpoch(epoch);
      const message = await readMessageLife(bus, agent, requireSequence(sequence), wanted);
      return { agent, message: toJsonObject(message) ?? {} };
    },
  };
}

/** @throws CaxtonError `invalid-argument` */
function within(what: string, value: number, max: number): number {
  if (value >= 1 && value <= max) return value;
  throw new CaxtonError("invalid-argument", `${what} is ${value}; it is 1 to ${max}`);
}

async function inTurns<Item, Result>(items: readonly Item[], work: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < items.length; at += atOnce) {
    results.push(...(await Promise.all(items.slice(at, at + atOnce).map(work))));
  }
  return results;
}
