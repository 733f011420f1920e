import { encodeJson, decodeJson } from "@caxton/bus/json";
import { CaxtonError, hasCode, isErrorCode } from "@caxton/contracts/errors";
import { ledgerAnswer } from "@caxton/contracts/ledger";
import { requireAgentName } from "@caxton/contracts/names";
import { ledgerSubject, windowsSubject } from "@caxton/contracts/subjects";
import { windowsAnswer } from "@caxton/contracts/windows";
import { resolveAgent } from "../core/resolve-id.ts";
import { storeInInbox } from "../inbox.ts";
import { toJsonObject } from "../json-object.ts";
import type { Api, ApiContext } from "./api-context.ts";

const answerTimeoutMs = 5_000;

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

    async sendMessages({ agent, messages }) {
      return { results: [...(await storeInInbox(bus, requireAgentName(agent), messages))] };
    },
  };
}

function refusal({ code, message }: { readonly code: string; readonly message: string }): CaxtonError {
  return new CaxtonError(isErrorCode(code) ? code : "internal", message);
}
