import type { Bus } from "@caxton/bus/types";
import { CaxtonError, toCaxtonError } from "@caxton/contracts/errors";
import type { SendResult } from "@caxton/contracts/http-routes";
import { header, inboxSubject } from "@caxton/contracts/subjects";
import { unknownAgent } from "./core/resolve-id.ts";
import type { Projection } from "./projection.ts";

/** Most messages in one request. */
export const sendBatchMax = 1_000;

/** A message for an agent's inbox; empty text is unset. */
export interface NewMessage {
  readonly body: string;
  readonly kind: string;
  readonly id: string;
  readonly conversation: string;
  readonly traceparent: string;
  readonly tracestate?: string;
}

const encoder = new TextEncoder();

/**
 * Stores messages in the order given, each with its own result.
 * @param known what is known of agents, to say what was meant
 * @param there where those are, by id, that are there already
 * @throws CaxtonError `unknown-agent` where there is no inbox, `undeployed` where it takes nothing any more, `invalid-argument` where they are too many
 */
export async function storeInInbox(
  bus: Bus,
  agent: string,
  messages: readonly NewMessage[],
  known: Pick<Projection, "view" | "views">,
  there: ReadonlyMap<string, number> = new Map(),
): Promise<readonly SendResult[]> {
  if (messages.length > sendBatchMax) {
    throw new CaxtonError(
      "invalid-argument",
      `${messages.length} messages in one request, at most ${sendBatchMax}; send them in several`,
    );
  }
  // All are under way at once; the connection keeps their order.
  return await Promise.all(
    messages.map(async (message) => {
      const sequence = there.get(message.id);
      return sequence === undefined
        ? await storeOne(bus, agent, message, known)
        : { sequence, duplicate: true, errorCode: "", errorMessage: "" };
    }),
  );
}

async function storeOne(
  bus: Bus,
  agent: string,
  message: NewMessage,
  known: Pick<Projection, "view" | "views">,
): Promise<SendResult> {
  try {
    const { sequence, duplicate } = await bus.store(inboxSubject(agent), encoder.encode(message.body), {
      headers: headersOf(message),
      ...(message.id === "" ? {} : { messageId: message.id }),
    });
    return { sequence, duplicate, errorCode: "", errorMessage: "" };
  } catch (error) {
    const { code, message: errorMessage } = toCaxtonError(error);
    if (code === "unknown-agent") throw whyNoInbox(agent, known, error);
    return { sequence: 0, duplicate: false, errorCode: code, errorMessage };
  }
}

function whyNoInbox(agent: string, known: Pick<Projection, "view" | "views">, cause: unknown): CaxtonError {
  const { revision, state } = known.view(agent);
  const gone = state.undeploy ?? state.undeployed;
  if (gone !== undefined)
    return new CaxtonError("undeployed", `${agent} was undeployed by ${gone.actor}: ${gone.reason}`, { cause });
  if (revision < 0) return unknownAgent(known.views(), agent);
  return new CaxtonError("unknown-agent", `agent ${agent} has no inbox; deploy it first`, { cause });
}

function headersOf({ kind, conversation, traceparent, tracestate = "" }: NewMessage): Record<string, string> {
  return {
    ...(kind === "" ? {} : { [header.kind]: kind }),
    ...(conversation === "" ? {} : { [header.conversation]: conversation }),
    ...(traceparent === "" ? {} : { [header.traceparent]: traceparent }),
    ...(tracestate === "" ? {} : { [header.tracestate]: tracestate }),
  };
}
