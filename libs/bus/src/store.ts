import { CaxtonError } from "@caxton/contracts/errors";
import { mapApiError } from "./errors.ts";
import type { Connection } from "./connection.ts";
import { decodeJson } from "./json.ts";
import type { Headers, StoreAck, StoreOptions } from "./types.ts";

const defaultTimeoutMs = 5_000;

interface Answer {
  readonly stream?: string;
  readonly seq?: number;
  readonly duplicate?: boolean;
  readonly error?: { readonly code: number; readonly err_code?: number; readonly description?: string };
}

/** Publishes into a stream; sent before this returns, so that many calls in a row keep their order and share the way. */
export async function storeMessage(
  connection: Connection,
  subject: string,
  data: Uint8Array,
  options: StoreOptions = {},
): Promise<StoreAck> {
  connection.requireSize(subject, data);
  const context = { operation: "store", target: subject, timeoutMs: options.timeoutMs ?? defaultTimeoutMs } as const;
  const reply = await connection.request(subject, data, { ...context, headers: storeHeaders(options) });
  const answer = parse(reply.data, subject);
  if (answer.error !== undefined) {
    const { code, err_code, description } = answer.error;
    throw mapApiError(err_code ?? 0, code, description ?? "refused", context);
  }
  if (answer.stream === undefined || answer.seq === undefined) {
    throw new CaxtonError("internal", `what answered on ${subject} is no stream`);
  }
  return { stream: answer.stream, sequence: answer.seq, duplicate: answer.duplicate === true };
}

function parse(data: Uint8Array, subject: string): Answer {
  try {
    const answer: unknown = decodeJson(data);
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
  return {
    ...headers,
    ...(messageId === undefined ? {} : { "Nats-Msg-Id": messageId }),
    ...(expectLastSubjectSequence === undefined
      ? {}
      : { "Nats-Expected-Last-Subject-Sequence": String(expectLastSubjectSequence) }),
    ...(expectLastSequence === undefined ? {} : { "Nats-Expected-Last-Sequence": String(expectLastSequence) }),
  };
}
