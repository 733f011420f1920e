import type { MessageInitShape } from "@bufbuild/protobuf";
import type { WatchDeploymentResponseSchema } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import { onItsWay } from "@caxton/deployment/on-its-way";
import { progressMessage } from "../canary-messages.ts";
import { type AgentView, emptyView, foldFact } from "../core/agent-view.ts";
import { resolveAgent, resolveDeployment } from "../core/resolve-id.ts";
import { followHistory } from "../history.ts";
import { merged } from "../merged.ts";
import { deploymentMessage, eventMessage, listedDeployment } from "../messages.ts";
import { stepProgress } from "../step-progress.ts";
import type { Api, ApiContext } from "./api-context.ts";

const listedUnlessGiven = 100;

type DeploymentsApi = Pick<Api, "getDeployment" | "listDeployments" | "watchDeployment">;

type Watched = MessageInitShape<typeof WatchDeploymentResponseSchema>;

export function deploymentsApi({ bus, projection, eventStore }: ApiContext): DeploymentsApi {
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
      return {
        deployments: shown.map(({ view, deployment }) =>
          listedDeployment(view, deployment, projection.freezesOf(view.agent)),
        ),
      };
    },

    async *watchDeployment({ deploymentId, fromBeginning }, { signal }) {
      const { agent, deployment } = resolveDeployment(projection.views(), deploymentId);
      const shown = projection.view(agent);
      const left = new AbortController();
      const until = AbortSignal.any([signal, left.signal]);
      try {
        if (!fromBeginning) yield { deployment: messageOf(shown, deployment) };
        const view = fromBeginning ? emptyView(agent) : shown;
        yield* merged(changesOf(view, deployment, until), progressOf(agent, deployment, until));
      } finally {
        left.abort();
      }
    },
  };

  /** The deployment after each event that changed it, beginning with those that `view` does not know. */
  async function* changesOf(view: AgentView, deployment: string, signal: AbortSignal): AsyncGenerator<Watched> {
    const range = { fromRevision: view.revision + 1 };
    let { state } = view;
    let folded = view;
    for await (const event of followHistory(eventStore, projection, view.agent, range, signal)) {
      folded = foldFact(folded, event);
      const before = state;
      ({ state } = folded);
      const place = before.queue.indexOf(deployment);
      const waits = place >= 0 && onItsWay(state) !== onItsWay(before);
      const moved = waits || state.queue.indexOf(deployment) !== place || state.rollout === deployment;
      if (!moved && state.deployments[deployment] === before.deployments[deployment]) continue;
      yield { deployment: messageOf(folded, deployment), event: eventMessage(view.agent, event) };
    }
  }

  async function* progressOf(agent: string, deployment: string, signal: AbortSignal): AsyncGenerator<Watched> {
    for await (const seen of stepProgress(bus, agent, deployment, signal)) yield { progress: progressMessage(seen) };
  }

  function messageOf(view: AgentView, id: string): ReturnType<typeof deploymentMessage> {
    const deployment = view.state.deployments[id];
    return deployment === undefined ? {} : deploymentMessage(view, deployment, projection.freezesOf(view.agent));
  }
}
