import type { Bus } from "@caxton/bus/types";
import { CaxtonError, toCaxtonError } from "@caxton/contracts/errors";
import type { SendResult } from "@caxton/contracts/http-routes";
import { header, inboxSubject } from "@caxton/contracts/subjects";
import type { AgentState } from "@caxton/deployment/state";

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
 * @param state of the agent, as far as it is known
 * @throws CaxtonError `unknown-agent` where there is no inbox, `undeployed` where it takes nothing any more, `invalid-argument` where they are too many
 */
export async function storeInInbox(
  bus: Bus,
  agent: string,
  messages: readonly NewMessage[],
  state: AgentState,
): Promise<readonly SendResult[]> {
  if (messages.length > sendBatchMax) {
    throw new CaxtonError(
      "invalid-argument",
      `${messages.length} messages in one request, at most ${sendBatchMax}; send them in several`,
    );
  }
  // All are under way at once; the connection keeps their order.
  return await Promise.all(messages.map((message) => storeOne(bus, agent, message, state)));
}

async function storeOne(bus: Bus, agent: string, message: NewMessage, state: AgentState): Promise<SendResult> {
  try {
    const { sequence, duplicate } = await bus.store(inboxSubject(agent), encoder.encode(message.body), {
      headers: headersOf(message),
      ...(message.id === "" ? {} : { messageId: message.id }),
    });
    return { sequence, duplicate, errorCode: "", errorMessage: "" };
  } catch (error) {
    const { code, message: errorMessage } = toCaxtonError(error);
    if (code === "unknown-agent") {
      const gone = state.undeploy ?? state.undeployed;
      if (gone !== undefined)
        throw new CaxtonError("undeployed", `${agent} was undeployed by ${gone.actor}: ${gone.reason}`, {
          cause: error,
        });
      throw new CaxtonError(code, `agent ${agent} has no inbox; deploy it first`, { cause: error });
    }
    return { sequence: 0, duplicate: false, errorCode: code, errorMessage };
  }
}

function headersOf({ kind, conversation, traceparent, tracestate = "" }: NewMessage): Record<string, string> {
  return {
    ...(kind === "" ? {} : { [header.kind]: kind }),
    ...(conversation === "" ? {} : { [header.conversation]: conversation }),
    ...(traceparent === "" ? {} : { [header.traceparent]: traceparent }),
    ...(tracestate === "" ? {} : { [header.tracestate]: tracestate }),
  };
}
