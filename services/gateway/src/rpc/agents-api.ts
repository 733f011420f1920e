import { resolveAgent } from "../core/resolve-id.ts";
import { followHistory, readHistory, viewAt } from "../history.ts";
import { agentMessage, eventMessage } from "../messages.ts";
import type { Api, ApiContext } from "./api-context.ts";

type AgentsApi = Pick<Api, "getAgent" | "listAgents" | "readEvents">;

export function agentsApi({ projection, eventStore }: ApiContext): AgentsApi {
  return {
    async getAgent({ agent, revision }, { signal }) {
      const view = resolveAgent(projection.views(), agent);
      if (revision === undefined || revision === view.revision)
        return agentMessage(view, projection.freezesOf(view.agent), true);
      return agentMessage(await viewAt(eventStore, view.agent, revision, signal), [], true);
    },

    listAgents() {
      const views = projection.views().toSorted((a, b) => (a.agent < b.agent ? -1 : 1));
      return { agents: views.map((view) => agentMessage(view, projection.freezesOf(view.agent), false)) };
    },

    async *readEvents({ agent: typed, fromRevision, toRevision, follow }, { signal }) {
      const { agent } = resolveAgent(projection.views(), typed);
      const range = { fromRevision, ...(toRevision === undefined ? {} : { toRevision }) };
      const events = follow
        ? followHistory(eventStore, projection, agent, range, signal)
        : readHistory(eventStore, agent, range, signal);
      for await (const event of events) yield eventMessage(agent, event);
    },
  };
}
