import type { Deployment } from "@caxton/deployment/state";
import { type AgentView, foldFact } from "../core/agent-view.ts";
import { resolveAgent, resolveDeployment } from "../core/resolve-id.ts";
import { followHistory } from "../history.ts";
import { deploymentMessage, eventMessage } from "../messages.ts";
import type { Api, ApiContext } from "./api-context.ts";

const listedUnlessGiven = 100;

type DeploymentsApi = Pick<Api, "getDeployment" | "listDeployments" | "watchDeployment">;

export function deploymentsApi({ projection, eventStore }: ApiContext): DeploymentsApi {
  return {
    getDeployment({ deploymentId }) {
      const place = resolveDeployment(projection.views(), deploymentId);
      return messageOf(projection.view(place.agent), place.deployment);
    },

    listDeployments({ agent, limit }) {
      const views = projection.views();
      const wanted = agent === "" ? views : [resolveAgent(views, agent)];
      const found = wanted.flatMap((view) =>
        Object.values(view.state.deployments).map((deployment) => ({ view, deployment })),
      );
      const newest = found.toSorted((a, b) => b.deployment.requestedAtMs - a.deployment.requestedAtMs);
      const shown = newest.slice(0, limit > 0 ? limit : listedUnlessGiven);
      return { deployments: shown.map(({ view, deployment }) => withoutReport(view, deployment)) };
    },

    async *watchDeployment({ deploymentId }, { signal }) {
      const { agent, deployment } = resolveDeployment(projection.views(), deploymentId);
      let view = projection.view(agent);
      yield { deployment: messageOf(view, deployment) };
      for await (const event of followHistory(
        eventStore,
        projection,
        agent,
        { fromRevision: view.revision + 1 },
        signal,
      )) {
        const before = view.state.deployments[deployment];
        const placeBefore = view.state.queue.indexOf(deployment);
        view = foldFact(view, event);
        const moved = view.state.queue.indexOf(deployment) !== placeBefore || view.state.rollout === deployment;
        if (!moved && view.state.deployments[deployment] === before) continue;
        yield { deployment: messageOf(view, deployment), event: eventMessage(agent, event) };
      }
    },
  };
}

function messageOf(view: AgentView, id: string): ReturnType<typeof deploymentMessage> {
  const deployment = view.state.deployments[id];
  return deployment === undefined ? {} : deploymentMessage(view, deployment);
}

/** Reports are long; they are there for who asks for one deployment. */
function withoutReport(view: AgentView, deployment: Deployment): ReturnType<typeof deploymentMessage> {
  const { validationReport: _report, ...message } = deploymentMessage(view, deployment);
  return message;
}
