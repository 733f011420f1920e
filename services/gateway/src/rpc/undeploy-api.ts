import { agentCommand, undeployCommand } from "@caxton/contracts/agent-message";
import { CaxtonError } from "@caxton/contracts/errors";
import { inboxEnds } from "@caxton/deployment/state";
import type { HandlerContext } from "@connectrpc/connect";
import { resolveAgent } from "../core/resolve-id.ts";
import type { Api, ApiContext } from "./api-context.ts";
import { commandEnvelope } from "./command-context.ts";
import type { About } from "./send-command.ts";

type UndeployApi = Pick<Api, "holdAgent" | "releaseAgent" | "undeployAgent">;

/** What is decided about an agent as a whole. */
export function undeployApi({ commands, projection }: ApiContext): UndeployApi {
  const send = async (
    verb: "hold" | "release",
    { agent: typed, context }: Pick<About, "context"> & { readonly agent: string },
    { signal, requestHeader }: HandlerContext,
  ): Promise<{ readonly agent: string }> => {
    const { agent } = resolveAgent(projection.views(), typed);
    await commands.send(agent, verb, agentCommand.check(commandEnvelope(context, requestHeader)), signal);
    return { agent };
  };
  return {
    holdAgent: (request, call) => send("hold", request, call),
    releaseAgent: (request, call) => send("release", request, call),
    async undeployAgent({ agent: typed, context, inbox, overrideFreeze }, { signal, requestHeader }) {
      const { agent } = resolveAgent(projection.views(), typed);
      const end = inboxEnds.find((one) => one === inbox);
      if (end === undefined) {
        const there = inboxEnds.join(", ");
        throw new CaxtonError("invalid-argument", `'${inbox.slice(0, 80)}' is nothing to do with an inbox: ${there}`);
      }
      const command = undeployCommand.check({
        ...commandEnvelope(context, requestHeader),
        inbox: end,
        ...(overrideFreeze === "" ? {} : { overrideFreeze }),
      });
      await commands.send(agent, "undeploy", command, signal);
      return { agent };
    },
  };
}
