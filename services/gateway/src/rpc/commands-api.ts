import { CaxtonError } from "@caxton/contracts/errors";
import {
  type CommandMessage,
  type DeployCommand,
  deploymentCommand,
  promoteCommand,
  stepCommand,
} from "@caxton/contracts/command-message";
import { requireAgentName } from "@caxton/contracts/names";
import type { HandlerContext } from "@connectrpc/connect";
import type { Projection } from "../projection.ts";
import type { Api, ApiContext } from "./api-context.ts";
import { toCanaryCommand } from "./canary-command.ts";
import type { CommandEnvelope } from "./command-context.ts";
import { toDeployCommand } from "./deploy-command.ts";
import { type About, type Answer, sendAbout } from "./send-command.ts";
import { toShadowCommand } from "./shadow-command.ts";

const shownWithinMs = 2_000;

type CommandApi = Pick<
  Api,
  | "deployAgent"
  | "createCanaryDeployment"
  | "promoteCanary"
  | "rollbackDeployment"
  | "createShadowDeployment"
  | "abortDeployment"
  | "pauseDeployment"
  | "resumeDeployment"
  | "approveStep"
>;

interface AboutStep extends About {
  readonly step: number;
  readonly overrideFreeze?: string;
}

/** The RPCs that want something done: each is a command on the bus, and its answer. */
export function commandsApi(api: ApiContext): CommandApi {
  const { commands, projection } = api;
  async function deploy(agent: string, command: DeployCommand, signal: AbortSignal): Promise<Answer> {
    const { deployment } = command;
    const { state = "" } = await commands.send(agent, "deploy", command, signal);
    await untilShown(projection, agent, deployment, signal);
    return { deploymentId: deployment, agent, state };
  }

  const send = (
    verb: Parameters<typeof sendAbout>[1],
    request: About,
    call: HandlerContext,
    toCommand: Parameters<typeof sendAbout>[4],
  ): Promise<Answer> => sendAbout(api, verb, request, call, toCommand);

  const sendStep = (verb: "pause" | "resume" | "approve", request: AboutStep, call: HandlerContext): Promise<Answer> =>
    send(verb, request, call, (body) => stepCommand.check({ ...body, ...stepOf(request), ...overridden(request) }));

  return {
    deployAgent(request, { signal, requestHeader }) {
      const agent = requireAgentName(request.agent);
      return deploy(agent, toDeployCommand(request, requestHeader), signal);
    },
    createCanaryDeployment({ deployment, canary, deploymentFile }, { signal, requestHeader }) {
      if (deployment === undefined) throw new CaxtonError("invalid-argument", "'deployment' says what to deploy where");
      const agent = requireAgentName(deployment.agent);
      const special = { canary: toCanaryCommand(canary, deploymentFile) };
      return deploy(agent, toDeployCommand(deployment, requestHeader, special), signal);
    },
    createShadowDeployment({ deployment, shadow, deploymentFile }, { signal, requestHeader }) {
      if (deployment === undefined) throw new CaxtonError("invalid-argument", "'deployment' says what to deploy where");
      const agent = requireAgentName(deployment.agent);
      const special = { shadow: toShadowCommand(shadow, deploymentFile) };
      return deploy(agent, toDeployCommand(deployment, requestHeader, special), signal);
    },
    promoteCanary: (request, call) =>
      send("promote", request, call, (body) =>
        promoteCommand.check({
          ...body,
          ...stepOf(request),
          ...overridden(request),
          ...(request.full ? { full: true } : {}),
        }),
      ),
    rollbackDeployment: (request, call) => send("rollback", request, call, takenBack),
    abortDeployment: (request, call) => send("abort", request, call, takenBack),
    pauseDeployment: (request, call) => sendStep("pause", request, call),
    resumeDeployment: (request, call) => sendStep("resume", request, call),
    approveStep: (request, call) => sendStep("approve", request, call),
  };
}

function takenBack(body: CommandEnvelope & { readonly deployment: string }): CommandMessage {
  return deploymentCommand.check(body);
}

function overridden({ overrideFreeze = "" }: AboutStep): { readonly overrideFreeze?: string } {
  return overrideFreeze === "" ? {} : { overrideFreeze };
}

/** 0 on the wire is none. */
function stepOf({ step }: AboutStep): { readonly step?: number } {
  return step === 0 ? {} : { step };
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
