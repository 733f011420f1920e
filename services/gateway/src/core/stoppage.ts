import type { AgentState } from "@caxton/deployment/state";

export interface Stoppage {
  readonly what: "held" | "being undeployed" | "undeployed";
  /** `drain`, `keep` or `dead-letter`; empty where it is held. */
  readonly inbox: string;
  readonly actor: string;
  readonly reason: string;
  readonly atMs: number;
}

/** Why nothing is taken out of the inbox, where somebody wants it so. */
export function stoppageOf({ hold, undeploy, undeployed }: AgentState): Stoppage | undefined {
  if (undeploy !== undefined) return { what: "being undeployed", ...said(undeploy), inbox: undeploy.inbox };
  if (undeployed !== undefined) return { what: "undeployed", ...said(undeployed), inbox: undeployed.inbox };
  return hold === undefined ? undefined : { what: "held", ...said(hold), inbox: "" };
}

function said({ actor, reason, atMs }: { readonly actor: string; readonly reason: string; readonly atMs: number }) {
  return { actor, reason, atMs };
}
