import { deploymentCommand, moveCommand } from "@caxton/contracts/command-message";
import { deploymentOf } from "@caxton/deployment/state";
import { resolveAgent } from "../core/resolve-id.ts";
import { waitsFor } from "../core/waits-for.ts";
import { listedDeployment } from "../messages.ts";
import type { Api, ApiContext } from "./api-context.ts";
import { sendAbout } from "./send-command.ts";

type QueueApi = Pick<Api, "listQueue" | "cancelDeployment" | "moveDeployment">;

/** The line of deployments that wait, and what can be done about it. */
export function queueApi(context: ApiContext): QueueApi {
  const { projection } = context;
  return {
    listQueue(request) {
      const view = resolveAgent(projection.views(), request.agent);
      const freezes = projection.freezesOf(view.agent);
      const { queue, queueRevision } = view.state;
      const waiting = queue.flatMap((id) => deploymentOf(view.state, id) ?? []);
      return {
        agent: view.agent,
        queueRevision,
        reason: waitsFor(view.state, freezes),
        deployments: waiting.map((deployment) => listedDeployment(view, deployment, freezes)),
      };
    },
    cancelDeployment: (request, call) =>
      sendAbout(context, "cancel", request, call, (body) => deploymentCommand.check(body)),
    moveDeployment: (request, call) =>
      sendAbout(context, "move", request, call, (body) => {
        const { place, queueRevision } = request;
        return moveCommand.check({ ...body, place, ...(queueRevision === undefined ? {} : { queueRevision }) });
      }),
  };
}
