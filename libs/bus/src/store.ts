import { CaxtonError, hasCode, toCaxtonError } from "@caxton/contracts/errors";
import { mapApiError, type ErrorContext } from "./errors.ts";
import type { Connection } from "./connection.ts";
import type { Headers, StoreAck, StoreOptions } from "./types.ts";

const defaultTimeoutMs = 5_000;

interface Answer {
  readonly stream?: string;
  readonly seq?: number;
  readonly duplicate?: boolean;
  readonly error?: { readonly code: number; readonly err_code?: number; readonly description?: string };
}

/** Publishes into a stream. Many calls in a row keep their order and share the way. */
export async function storeMessage(
  connection: Connection,
  subject: string,
  data: Uint8Array,
  options: StoreOptions = {},
): Promise<StoreAck> {
  connection.requireSize(subject, data);
  const context = { operation: "store", target: subject, timeoutMs: options.timeoutMs ?? defaultTimeoutMs } as const;
  if (options.failWhenAway === true) connection.requireConnected();
  try {
    return await connection.request(subject, data, { ...context, headers: storeHeaders(options) }, (reply) =>
      toAck(parse(reply.data, subject), context),
    );
  } catch (error) {
    throw hasCode(error, "unknown-agent") ? await whyNobodyTakes(connection, subject, error) : error;
  }
}

/** While a server goes down its streams stop listening before it hangs up; that is not to be told as a stream that is missing. */
async function whyNobodyTakes(connection: Connection, subject: string, error: CaxtonError): Promise<CaxtonError> {
  try {
    const [stream] = await connection.api(subject, (manager) => manager.streams.names(subject).next());
    if (stream === undefined) return error;
    return new CaxtonError("bus-unavailable", `${stream} takes nothing now: nats-server is going down or coming up`);
  } catch (away) {
    return toCaxtonError(away);
  }
}

function toAck(answer: Answer, context: ErrorContext): StoreAck {
  if (answer.error !== undefined) {
    const { code, err_code, description } = answer.error;
    throw mapApiError(err_code ?? 0, code, description ?? "refused", context);
  }
  if (answer.stream === undefined || answer.seq === undefined) {
    throw new CaxtonError("internal", `what answered on ${context.target} is no stream`);
  }
  return { stream: answer.stream, sequence: answer.seq, duplicate: answer.duplicate === true };
}

function parse(data: Uint8Array, subject: string): Answer {
  try {
    const answer: unknown = JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("latin1"));
    if (typeof answer === "object" && answer !== null) return answer;
  } catch (error) {
    throw new CaxtonError("internal", `what answered on ${subject} is no stream`, { cause: error });
  }
  return {};
}

/** Names from nats-server's JetStream protocol. */
function storeHeaders(options: StoreOptions): Headers | undefined {
  const { headers, messageId, expectLastSubjectSequence, expectLastSequence } = options;
  if (messageId === undefined && expectLastSubjectSequence === undefined && expectLastSequence === undefined)
    return headers;
  const all: Record<string, string> = { ...headers };
  if (messageId !== undefined) all["Nats-Msg-Id"] = messageId;
  if (expectLastSubjectSequence !== undefined)
    all["Nats-Expected-Last-Subject-Sequence"] = String(expectLastSubjectSequence);
  if (expectLastSequence !== undefined) all["Nats-Expected-Last-Sequence"] = String(expectLastSequence);
  return all;
}
