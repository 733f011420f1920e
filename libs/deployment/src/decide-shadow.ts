import type { Report } from "./command.ts";
import type { Fact } from "./event.ts";
import { type Facts, refuse } from "./facts.ts";
import { shadowProblem } from "./shadow/settings.ts";
import { type AgentState, type Deployment, type DeploymentRequest, deploymentOf, isSettled, stepOf } from "./state.ts";
import type { Step } from "./strategy.ts";

/** More of them at once would be a load of their own. */
export const shadowsMax = 4;

/** A shadow stands in no line: it begins at once, beside whatever else goes on, and never has a share of the messages. */
export function deployShadow(
  request: DeploymentRequest,
  state: AgentState,
  { actor, keptMs }: { readonly actor: string; readonly keptMs?: number | undefined },
): Facts {
  const { deployment, agent, shadow, plan } = request;
  const durationMs = shadowMs(plan);
  if (durationMs === undefined || shadow === undefined) {
    return refuse(
      "invalid-argument",
      "a shadow says what it compares, and its plan is validate, start, shadow, finalize",
    );
  }
  const problem = shadowProblem(shadow);
  if (problem !== undefined) return refuse("invalid-argument", problem);
  if (deploymentOf(state, state.active) === undefined) {
    return refuse("no-live-version", `${agent} has no live version to compare a shadow with; deploy one first`);
  }
  if (keptMs !== undefined && durationMs > keptMs) {
    return refuse(
      "kept-too-short",
      `a shadow of ${timeText(durationMs)} needs the messages and outcomes of as long, ${agent}'s are kept for ${timeText(keptMs)}: make it shorter, or keep them longer (CAXTON_INBOX_RETENTION_MS, CAXTON_OUTCOME_RETENTION_MS)`,
    );
  }
  const others = Object.values(state.deployments).filter(isUnderWay).length;
  if (others >= shadowsMax) {
    return refuse(
      "not-allowed-now",
      `${others} shadows of ${agent} are under way, at most ${shadowsMax} may be: abort one`,
    );
  }
  return {
    ok: true,
    facts: [
      { ...request, type: "DeploymentRequested", actor },
      { type: "DeploymentStarted", deployment },
    ],
  };
}

/** How long a plan compares, in ms; undefined where it is of another strategy. */
export function shadowMs(plan: readonly Step[]): number | undefined {
  return plan.find((step) => step.kind === "shadow")?.durationMs;
}

function timeText(ms: number): string {
  const hours = ms / 3_600_000;
  return Number.isInteger(hours) ? `${hours} h` : `${ms / 1_000} s`;
}

function isUnderWay({ strategy, state }: Deployment): boolean {
  return strategy === "shadow" && !isSettled(state);
}

/** Ends one that has begun; what it found until then stays. */
export function stopShadow({ deployment, state }: Deployment, actor: string, reason: string): Facts {
  if (state !== "Deploying") {
    return refuse("not-allowed-now", `shadow ${deployment} is ${state}; only one that is under way can be stopped`);
  }
  return { ok: true, facts: [{ type: "ShadowEnded", deployment, cause: "stopped", reason, actor }] };
}

/** Its runner came to the end of it, or nobody ran it. */
export function shadowOver(
  { deployment, cause, reason, summary }: Report & { type: "shadow-over" },
  shadow: Deployment,
  actor: string,
): readonly Fact[] {
  if (shadow.state !== "Deploying" || stepOf(shadow)?.kind !== "shadow") return [];
  const found = summary === undefined ? {} : { summary };
  return [{ type: "ShadowEnded", deployment, cause, reason, actor, ...found }];
}
