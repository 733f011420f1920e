import { type AgentState, type Deployment, stepOf } from "./state.ts";

/** Something that should be under way in the world. Carrying one out twice does no harm; `key` tells whether it is already under way. */
export type Effect = { readonly key: string } & (
  | { readonly kind: "validate"; readonly deployment: string; readonly deadlineAtMs: number }
  | { readonly kind: "start"; readonly deployment: string; readonly version: string; readonly deadlineAtMs: number }
  | { readonly kind: "route"; readonly revision: number }
  | {
      readonly kind: "drain";
      readonly deployment: string;
      readonly version: string;
      readonly revision: number;
      readonly deadlineAtMs: number;
    }
  | { readonly kind: "stop"; readonly deployment: string; readonly version: string }
  | { readonly kind: "expire"; readonly deployment: string; readonly step: number; readonly atMs: number }
);

/**
 * What should be going on in this state: asked after every event and after every restart, so that an orchestrator that
 * died between any two lines is replaced by one that reads the state and carries on. Timers are part of the answer.
 */
export function next(state: AgentState): readonly Effect[] {
  const effects = Object.values(state.deployments).flatMap(ofDeployment);
  if (state.route.revision > state.appliedRevision) {
    const { revision } = state.route;
    effects.push({ kind: "route", key: `route:${revision}`, revision });
  }
  return effects;
}

function ofDeployment(deployment: Deployment): Effect[] {
  const { deployment: id, version, drain } = deployment;
  const step = stepOf(deployment);
  if (deployment.state === "Validating" && step?.kind === "validate") {
    const atMs = deployment.stepStartedAtMs + step.timeoutMs;
    return [{ kind: "validate", key: `validate:${id}`, deployment: id, deadlineAtMs: atMs }, expire(deployment, atMs)];
  }
  if (version === undefined) return [];
  if (deployment.processes === "unwanted") return [{ kind: "stop", key: `stop:${id}`, deployment: id, version }];
  if (deployment.state === "Deploying" && step?.kind === "start") {
    const atMs = deployment.stepStartedAtMs + step.timeoutMs;
    return [
      { kind: "start", key: `start:${id}`, deployment: id, version, deadlineAtMs: atMs },
      expire(deployment, atMs),
    ];
  }
  if (deployment.state === "Draining" && drain !== undefined) {
    return [
      {
        kind: "drain",
        key: `drain:${id}`,
        deployment: id,
        version,
        revision: drain.revision,
        deadlineAtMs: drain.deadlineAtMs,
      },
    ];
  }
  return [];
}

function expire(deployment: Deployment, atMs: number): Effect {
  const { deployment: id, step } = deployment;
  return { kind: "expire", key: `expire:${id}:${step}`, deployment: id, step, atMs };
}
