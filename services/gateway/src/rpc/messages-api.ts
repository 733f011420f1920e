import { requireAgentName } from "@caxton/contracts/names";
import { windowsSubject } from "@caxton/contracts/subjects";
import { windowsAnswer } from "@caxton/contracts/windows";
import { resolveAgent } from "../core/resolve-id.ts";
import { sequencesById } from "../inbox-ids.ts";
import { storeInInbox } from "../inbox.ts";
import { toJsonObject } from "../json-object.ts";
import { ask, askLedger, refusal } from "../questions.ts";
import type { Api, ApiContext } from "./api-context.ts";

type MessagesApi = Pick<Api, "getLedger" | "getWindows" | "sendMessages">;

export function messagesApi({ bus, projection }: ApiContext): MessagesApi {
  return {
    async getLedger({ agent: typed }, { signal }) {
      const { agent } = resolveAgent(projection.views(), typed);
      return { agent, ledger: await askLedger(bus, agent, signal) };
    },

    async getWindows({ agent: typed, windowMs }, { signal }) {
      const { agent } = resolveAgent(projection.views(), typed);
      const question = windowMs === undefined ? {} : { windowMs };
      const answer = windowsAnswer.check(await ask(bus, "metrics-watcher", windowsSubject(agent), question, signal));
      if (!answer.ok) throw refusal(answer.error);
      return { agent, windows: toJsonObject(answer.windows) ?? {} };
    },

    async sendMessages({ agent: typed, messages, unlessAfter }, { signal }) {
      const agent = requireAgentName(typed);
      const there =
        unlessAfter === undefined ? undefined : await sequencesById(bus, agent, messages, { unlessAfter, signal });
      return { results: [...(await storeInInbox(bus, agent, messages, projection, there))] };
    },
  };
}
