import type { VerbAndMessage } from "@caxton/contracts/commands";
import { allAgents, type FreezeCommand } from "@caxton/deployment/freezes";

type Received = { readonly agent: string } & Extract<VerbAndMessage, { readonly verb: "freeze" | "unfreeze" }>;

/** A freeze, or the end of one, in the words of the domain. */
export function freezeRequest(
  received: Received,
  sender: { readonly commandId: string; readonly actor: string },
): FreezeCommand {
  const { agent } = received;
  const whose = agent === allAgents ? {} : { agent };
  if (received.verb === "unfreeze") {
    const { reason = `unfreeze by ${sender.actor}` } = received.message;
    return { type: "unfreeze", ...sender, ...whose, reason };
  }
  const { reason, until } = received.message;
  return {
    type: "freeze",
    ...sender,
    ...whose,
    reason,
    ...(until === undefined ? {} : { untilMs: Date.parse(until) }),
  };
}
