import type { CommandMessage } from "@caxton/contracts/command-message";
import type { CommandVerb } from "@caxton/contracts/commands";
import type { CommandContext } from "@caxton/contracts/gen/caxton/v1/deployment_commands_pb.js";
import type { HandlerContext } from "@connectrpc/connect";
import { resolveDeployment } from "../core/resolve-id.ts";
import type { ApiContext } from "./api-context.ts";
import { type CommandEnvelope, commandEnvelope } from "./command-context.ts";

/** What became of a command about a deployment. */
export interface Answer {
  readonly deploymentId: string;
  readonly agent: string;
  readonly state: string;
}

/** What a request says that is about one deployment. */
export interface About {
  readonly deploymentId: string;
  readonly context?: CommandContext | undefined;
}

/** To whichever agent has the deployment; `toCommand` completes what all commands carry. */
export async function sendAbout(
  { commands, projection }: ApiContext,
  verb: Exclude<CommandVerb, "deploy" | "freeze" | "unfreeze" | "hold" | "release" | "undeploy">,
  { deploymentId, context }: About,
  { signal, requestHeader }: HandlerContext,
  toCommand: (body: CommandEnvelope & { readonly deployment: string }) => CommandMessage,
): Promise<Answer> {
  const { agent, deployment } = resolveDeployment(projection.views(), deploymentId);
  const command = toCommand({ ...commandEnvelope(context, requestHeader), deployment });
  const { state = "" } = await commands.send(agent, verb, command, signal);
  return { deploymentId: deployment, agent, state };
}
