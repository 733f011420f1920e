import { encodeJson, decodeJson } from "@caxton/bus/json";
import { CaxtonError, hasCode, isErrorCode, toCaxtonError } from "@caxton/contracts/errors";
import { ledgerAnswer } from "@caxton/contracts/ledger";
import { requireAgentName } from "@caxton/contracts/names";
import { header, inboxSubject, ledgerSubject, windowsSubject } from "@caxton/contracts/subjects";
import { windowsAnswer } from "@caxton/contracts/windows";
import type { InboxMessage } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import { resolveAgent } from "../core/resolve-id.ts";
import { toJsonObject } from "../json-object.ts";
import type { Api, ApiContext } from "./api-context.ts";

const answerTimeoutMs = 5_000;
const batchMax = 1_000;
const encoder = new TextEncoder();

type MessagesApi = Pick<Api, "getLedger" | "getWindows" | "sendMessages">;

export function messagesApi({ bus, projection }: ApiContext): MessagesApi {
  async function ask(service: string, subject: string, question: unknown, signal: AbortSignal): Promise<unknown> {
    try {
      const answer = await bus.request(subject, encodeJson(question), { timeoutMs: answerTimeoutMs, signal });
      return decodeJson(answer.data);
    } catch (error) {
      if (!hasCode(error, "no-instance", "timeout")) throw error;
      throw new CaxtonError("service-unavailable", `no ${service} answers; is one running?`, { cause: error });
    }
  }

  return {
    async getLedger({ agent: typed }, { signal }) {
      const { agent } = resolveAgent(projection.views(), typed);
      const answer = ledgerAnswer.check(await ask("ledger", ledgerSubject(agent), {}, signal));
      if (!answer.ok) throw refusal(answer.error);
      return { agent, ledger: toJsonObject(answer.ledger) ?? {} };
    },

    async getWindows({ agent: typed, windowMs }, { signal }) {
      const { agent } = resolveAgent(projection.views(), typed);
      const question = windowMs === undefined ? {} : { windowMs };
      const answer = windowsAnswer.check(await ask("metrics-watcher", windowsSubject(agent), question, signal));
      if (!answer.ok) throw refusal(answer.error);
      return { agent, windows: toJsonObject(answer.windows) ?? {} };
    },

    async sendMessages({ agent: typed, messages }) {
      const agent = requireAgentName(typed);
      if (messages.length > batchMax) {
        throw new CaxtonError(
          "invalid-argument",
          `${messages.length} messages in one request, at most ${batchMax}; send them in several`,
        );
      }
      // All are under way at once; the connection keeps their order.
      const results = await Promise.all(messages.map((message) => store(agent, message)));
      return { results };
    },
  };

  async function store(agent: string, message: InboxMessage) {
    try {
      const { sequence, duplicate } = await bus.store(inboxSubject(agent), encoder.encode(message.body), {
        headers: headersOf(message),
        ...(message.id === "" ? {} : { messageId: message.id }),
      });
      return { sequence, duplicate };
    } catch (error) {
      const { code, message: errorMessage } = toCaxtonError(error);
      if (code === "unknown-agent")
        throw new CaxtonError(code, `agent ${agent} has no inbox; deploy it first`, { cause: error });
      return { errorCode: code, errorMessage };
    }
  }
}

function headersOf({ kind, conversation, traceparent }: InboxMessage): Record<string, string> {
  return {
    ...(kind === "" ? {} : { [header.kind]: kind }),
    ...(conversation === "" ? {} : { [header.conversation]: conversation }),
    ...(traceparent === "" ? {} : { [header.traceparent]: traceparent }),
  };
}

function refusal({ code, message }: { readonly code: string; readonly message: string }): CaxtonError {
  return new CaxtonError(isErrorCode(code) ? code : "internal", message);
}
