import { inboxMessageMaxBytes, outcomeMaxBytes } from "@caxton/contracts/limits";
import type { Attempt, Outcome } from "@caxton/contracts/outcome";
import type { Inbound } from "@caxton/contracts/inbound";
import type { Decision } from "./judgement.ts";

type Final = Exclude<Decision, { kind: "again" }>;

/** An outcome as it is stored. */
export interface OutcomeRecord {
  readonly outcome: Outcome;
  readonly data: Uint8Array;
}

const attemptsKept = 16;
/** What the relay's headers take of an inbox's largest message. */
const inboxHeadroomBytes = 2_048;
const headerMaxCharacters = 1_024;

/** The record of a decision; a handled one that does not fit its bound becomes a dead letter, since its outputs would be lost. */
export function outcomeRecord(
  message: Inbound,
  earlier: readonly Attempt[],
  final: Final,
  decidedAtMs: number,
): OutcomeRecord {
  const record = recordOf(outcomeOf(message, earlier, final, decidedAtMs));
  if (final.kind === "dead-lettered") {
    return record.data.length <= outcomeMaxBytes ? record : recordOf(withShortHeaders(record.outcome));
  }
  const reason = tooLarge(record);
  if (reason === undefined) return record;
  const { version, routeRevision, latencyMs } = final.attempt;
  const attempt: Attempt = { version, routeRevision, latencyMs, result: "failed", code: "output-too-large", reason };
  return outcomeRecord(
    message,
    earlier,
    { kind: "dead-lettered", code: "output-too-large", reason, attempt },
    decidedAtMs,
  );
}

/** Why the outputs can be neither kept nor carried on. */
function tooLarge({ outcome, data }: OutcomeRecord): string | undefined {
  if (data.length > outcomeMaxBytes) {
    return `the outputs make an outcome of ${data.length} bytes, ${outcomeMaxBytes} fit: emit less in answer to one message`;
  }
  const most = inboxMessageMaxBytes - inboxHeadroomBytes;
  const unfit = outcome.outputs.find(
    ({ to, body }) => to !== undefined && body.length * 3 > most && Buffer.byteLength(body) > most,
  );
  return unfit === undefined
    ? undefined
    : `an output to '${unfit.to}' has ${Buffer.byteLength(unfit.body)} bytes, its inbox takes ${most}`;
}

function outcomeOf(message: Inbound, earlier: readonly Attempt[], final: Final, decidedAtMs: number): Outcome {
  const attempts = final.attempt === undefined ? earlier : [...earlier, final.attempt];
  const version = attempts.at(-1)?.version;
  return {
    schemaVersion: 1,
    agent: message.agent,
    epoch: message.epoch,
    sequence: message.sequence,
    messageId: message.messageId,
    result: final.kind,
    ...(version === undefined ? {} : { version }),
    attempts: attempts.slice(-attemptsKept),
    outputs: final.kind === "handled" ? [...final.outputs] : [],
    ...(final.kind === "handled"
      ? {}
      : {
          deadLetter: {
            code: final.code,
            reason: final.reason,
            headers: { ...message.headers },
            bodyBase64: Buffer.from(message.data).toString("base64"),
          },
        }),
    hops: message.hops,
    receivedAtMs: message.receivedAtMs,
    decidedAtMs,
    ...message.trace,
  };
}

/** Only absurd headers keep a dead letter from fitting: an inbox message is bounded far below an outcome. */
function withShortHeaders(outcome: Outcome): Outcome {
  if (outcome.deadLetter === undefined) return outcome;
  const headers = Object.entries(outcome.deadLetter.headers)
    .filter(([name, value]) => name.length + value.length <= headerMaxCharacters)
    .slice(0, 32);
  return { ...outcome, deadLetter: { ...outcome.deadLetter, headers: Object.fromEntries(headers) } };
}

/** By way of a Buffer, which takes half the time of a TextEncoder. */
function recordOf(outcome: Outcome): OutcomeRecord {
  return { outcome, data: Buffer.from(JSON.stringify(outcome)) };
}
