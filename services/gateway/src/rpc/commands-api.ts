import { CaxtonError } from "@caxton/contracts/errors";
import { deploymentCommand } from "@caxton/contracts/command-message";
import type { CommandContext } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import { requireAgentName } from "@caxton/contracts/names";
import type { HandlerContext } from "@connectrpc/connect";
import { resolveDeployment } from "../core/resolve-id.ts";
import type { Projection } from "../projection.ts";
import type { Api, ApiContext } from "./api-context.ts";
import { commandEnvelope } from "./command-context.ts";
import { toDeployCommand } from "./deploy-command.ts";

const shownWithinMs = 2_000;

type CommandApi = Pick<
  Api,
  | "deployAgent"
  | "createCanaryDeployment"
  | "promoteCanary"
  | "rollbackDeployment"
  | "createShadowDeployment"
  | "abortDeployment"
>;

/** The RPCs that want something done: each is a command on the bus, and its answer. */
export function commandsApi({ commands, projection }: ApiContext): CommandApi {
  async function send(
    verb: "abort" | "rollback",
    typed: string,
    context: CommandContext | undefined,
    { signal, requestHeader }: HandlerContext,
  ): Promise<{ deploymentId: string; agent: string; state: string }> {
    const { agent, deployment } = resolveDeployment(projection.views(), typed);
    const command = deploymentCommand.check({ ...commandEnvelope(context, requestHeader), deployment });
    const { state } = await commands.send(agent, verb, command, signal);
    return { deploymentId: deployment, agent, state };
  }

  return {
    async deployAgent(request, { signal, requestHeader }) {
      const agent = requireAgentName(request.agent);
      const command = toDeployCommand(request, requestHeader);
      const { deployment, state } = await commands.send(agent, "deploy", command, signal);
      await untilShown(projection, agent, deployment, signal);
      return { deploymentId: deployment, agent, state };
    },
    rollbackDeployment: ({ deploymentId, context }, call) => send("rollback", deploymentId, context, call),
    abortDeployment: ({ deploymentId, context }, call) => send("abort", deploymentId, context, call),
    createCanaryDeployment: () => notYet("canary deployments"),
    promoteCanary: () => notYet("promotions of canaries"),
    createShadowDeployment: () => notYet("shadow deployments"),
  };
}

/** Who asked may look at once: waits, but not for long, until reads know the deployment as well. */
async function untilShown(
  projection: Projection,
  agent: string,
  deployment: string,
  caller: AbortSignal,
): Promise<void> {
  const signal = AbortSignal.any([caller, AbortSignal.timeout(shownWithinMs)]);
  while (projection.caughtUp && !signal.aborted) {
    const { state, revision } = projection.view(agent);
    if (state.deployments[deployment] !== undefined) return;
    await projection.changed(agent, revision, signal).catch(() => undefined);
  }
}

function notYet(what: string): never {
  throw new CaxtonError("not-implemented", `${what} are not served yet; DeployAgent with strategy direct is`);
}
