import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { CommandContext } from "@caxton/contracts/gen/caxton/v1/deployment_commands_pb.js";
import { freezeCommand, unfreezeCommand } from "@caxton/contracts/freeze-message";
import { allAgents } from "@caxton/deployment/freezes";
import type { HandlerContext } from "@connectrpc/connect";
import { resolveAgent } from "../core/resolve-id.ts";
import { freezeMessage } from "../freeze-message.ts";
import type { Api, ApiContext } from "./api-context.ts";
import { commandEnvelope } from "./command-context.ts";

type FreezeApi = Pick<Api, "freezeDeployments" | "unfreezeDeployments" | "listFreezes">;

export function freezeApi({ commands, projection }: ApiContext): FreezeApi {
  /** The agent, or what stands for all of them. */
  const whose = (typed: string): string => (typed === "" ? allAgents : resolveAgent(projection.views(), typed).agent);
  const envelope = (context: CommandContext | undefined, { requestHeader }: HandlerContext) =>
    commandEnvelope(context, requestHeader);
  return {
    async freezeDeployments({ agent, context, until }, call) {
      const command = freezeCommand.check({
        ...envelope(context, call),
        ...(until === undefined ? {} : { until: timestampDate(until).toISOString() }),
      });
      await commands.send(whose(agent), "freeze", command, call.signal);
      return {};
    },
    async unfreezeDeployments({ agent, context }, call) {
      await commands.send(whose(agent), "unfreeze", unfreezeCommand.check(envelope(context, call)), call.signal);
      return {};
    },
    listFreezes: () => ({ freezes: projection.freezes().map(freezeMessage) }),
  };
}
