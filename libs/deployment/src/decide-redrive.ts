import { type Facts, refuse } from "./facts.ts";
import type { RedriveRequest } from "./redrive.ts";
import { type AgentState, type Deployment, versionOf } from "./state.ts";

/** The restored version handles again what a version that was taken back handled or failed (DESIGN.md, rule 10). */
export function decideRedrive(
  { reason, stop, failedOnly, limit }: RedriveRequest,
  deployment: Deployment,
  state: AgentState,
  actor: string,
): Facts {
  const { deployment: id, redrive } = deployment;
  const going = redrive?.state === "going" ? redrive : undefined;
  if (stop) {
    if (going === undefined) return refuse("not-allowed-now", `no redrive of deployment ${id} is under way`);
    return { ok: true, facts: [{ type: "RedriveStopped", deployment: id, number: going.number, actor, reason }] };
  }
  const refusal = misplaced(deployment, state);
  if (refusal !== undefined) return refusal;
  if (going !== undefined) {
    if (going.failedOnly === failedOnly && going.limit === limit) return { ok: true, facts: [] };
    return refuse(
      "not-allowed-now",
      `redrive ${going.number} of deployment ${id} is under way for other messages; stop it first, or wait`,
    );
  }
  const number = (redrive?.number ?? 0) + 1;
  const scope = { failedOnly, ...(limit === undefined ? {} : { limit }) };
  return { ok: true, facts: [{ type: "RedriveStarted", deployment: id, number, actor, reason, ...scope }] };
}

function misplaced({ deployment: id, state: is, version, agent }: Deployment, state: AgentState): Facts | undefined {
  if (is !== "RolledBack") {
    const next = is === "Running" ? "roll it back first" : is === "Draining" ? "wait until it is" : "it has none";
    return refuse("not-allowed-now", `deployment ${id} is ${is}; a redrive is of one that was rolled back: ${next}`);
  }
  if (version === undefined) {
    return refuse("nothing-to-redrive", `deployment ${id} was taken back before it had a version: no message met it`);
  }
  if (versionOf(state, state.active) !== undefined) return undefined;
  return refuse("not-allowed-now", `no version of ${agent} is there to handle messages again; deploy one first`);
}
