import type { HistoryEntry } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import type { DecisionVerb, Gateway } from "./gateway-client.ts";
import { isPassing } from "./patience.ts";

/** Who had made it so before, when and why; nothing of it where it had never been paused. */
export type Before = Pick<HistoryEntry, "at" | "actor" | "reason"> | Readonly<Record<string, never>>;

const takenBack = ["RollbackStarted", "DeploymentRolledBack", "ShadowEnded"];
/** The events that make it as a command wants it; of the others each changes something, or is refused. */
const makesItSo: Readonly<Partial<Record<DecisionVerb, readonly string[]>>> = {
  rollback: takenBack,
  abort: takenBack,
  pause: ["RolloutPaused"],
  resume: ["RolloutResumed"],
};

interface Accepted {
  readonly agent: string;
  readonly id: string;
  readonly verb: DecisionVerb;
  readonly commandId: string;
}

/** What had made it so before a command that was accepted; undefined where the command did. @throws CaxtonError what the gateway says */
export async function soBefore(
  gateway: Gateway,
  { agent, id, verb, commandId }: Accepted,
): Promise<Before | undefined> {
  try {
    const { entries } = await gateway.getHistory({ agent, deploymentId: id });
    return beforeOf(entries, verb, commandId);
  } catch (error) {
    // It was accepted: that nobody can say now whether it changed anything is no failure of it.
    if (isPassing(error)) return undefined;
    throw error;
  }
}

/** @param entries the deployment's history, oldest first */
export function beforeOf(entries: readonly HistoryEntry[], verb: DecisionVerb, commandId: string): Before | undefined {
  const types = makesItSo[verb];
  if (types === undefined || entries.some((entry) => entry.commandId === commandId)) return undefined;
  const made = entries.filter(({ type }) => types.includes(type));
  if (verb === "resume") return made.at(-1) ?? {};
  // It is taken back once, and ended by whoever reports that; it may be paused again and again.
  return verb === "pause" ? made.at(-1) : made[0];
}
