import { type AgentState, type Deployment, deploymentOf, guardedBy, stepOf } from "./state.ts";
import { waitOf } from "./waiting.ts";

/** Something that should be under way in the world. Carrying one out twice does no harm; `key` tells whether it is already under way. */
export type Effect = { readonly key: string } & (
  | { readonly kind: "validate"; readonly deployment: string; readonly deadlineAtMs: number }
  | { readonly kind: "start"; readonly deployment: string; readonly version: string; readonly deadlineAtMs: number }
  /** Has a version that gets no messages yet answer recent ones until it is warm, or the time is over. */
  | {
      readonly kind: "warm-up";
      readonly deployment: string;
      readonly step: number;
      readonly version: string;
      readonly deadlineAtMs: number;
    }
  | { readonly kind: "route"; readonly revision: number }
  | {
      readonly kind: "drain";
      readonly deployment: string;
      readonly version: string;
      readonly revision: number;
      readonly deadlineAtMs: number;
    }
  /** Until every process of a version that is taken back has closed. */
  | { readonly kind: "close"; readonly deployment: string; readonly version: string; readonly revision: number }
  /** Judges a step until it is over; says what it found whenever that may decide something. */
  | {
      readonly kind: "watch";
      readonly deployment: string;
      readonly step: number;
      readonly version: string;
      /** Messages of this revision of the route and later ones count. */
      readonly revision: number;
      readonly stable: string;
      readonly endsAtMs: number;
    }
  /** As long as the version `before` is warm: says when nobody of `version` was there for `backAfterMs`. */
  | {
      readonly kind: "guard";
      readonly deployment: string;
      readonly version: string;
      readonly before: string;
      readonly backAfterMs: number;
    }
  /** Sends what a version that was taken back handled or failed once more. */
  | { readonly kind: "redrive"; readonly deployment: string; readonly version: string; readonly number: number }
  /** Compares it with the live version until its time is over; says why it ended. */
  | {
      readonly kind: "shadow";
      readonly deployment: string;
      readonly version: string;
      readonly endsAtMs: number;
      /** Where that was before: nothing is handled any more that it could be compared with. */
      readonly undeployedAtMs?: number;
    }
  | { readonly kind: "cleanup"; readonly deployment: string; readonly atMs: number }
  | { readonly kind: "stop"; readonly deployment: string; readonly version: string }
  /** Takes the subjects of the agent's inbox away, so that nobody can put anything into it. */
  | { readonly kind: "close-inbox"; readonly deployment: string }
  /** Until everything in the inbox is decided. */
  | { readonly kind: "empty-inbox"; readonly deployment: string }
  /** Until nothing outside keeps it: the first in line, or one that is frozen. */
  | { readonly kind: "way"; readonly deployment: string }
  | { readonly kind: "expire"; readonly deployment: string; readonly step: number; readonly atMs: number }
);

/**
 * What should be going on in this state: asked after every event and after every restart, so that an orchestrator that
 * died between any two lines is replaced by one that reads the state and carries on. Timers are part of the answer.
 */
export function next(state: AgentState): readonly Effect[] {
  const effects = Object.values(state.deployments).flatMap((deployment) => ofDeployment(deployment, state));
  if (state.route.revision > state.appliedRevision) {
    const { revision } = state.route;
    effects.push({ kind: "route", key: `route:${revision}`, revision });
  }
  const [first] = state.queue;
  if (first !== undefined && state.rollout === undefined && state.undeploy === undefined) effects.push(wayOf(first));
  return [...effects, ...ofUndeploy(state)];
}

function ofUndeploy({ undeploy, route, appliedRevision }: AgentState): readonly Effect[] {
  if (undeploy === undefined || undeploy.emptiedAtMs !== undefined) return [];
  const { deployment, inbox } = undeploy;
  if (undeploy.closedAtMs === undefined) return [{ kind: "close-inbox", key: "close-inbox", deployment }];
  const left = route.targets.length === 0;
  const empties = inbox === "drain" ? !left : inbox === "dead-letter" && left && appliedRevision === route.revision;
  return empties ? [{ kind: "empty-inbox", key: `empty-inbox:${inbox}`, deployment }] : [];
}

function ofDeployment(deployment: Deployment, state: AgentState): Effect[] {
  const { deployment: id, version, drain, cleanup } = deployment;
  const step = stepOf(deployment);
  if (deployment.state === "Validating" && step?.kind === "validate") {
    const atMs = deployment.stepStartedAtMs + step.timeoutMs;
    return [
      { kind: "validate", key: `validate:${id}`, deployment: id, deadlineAtMs: atMs },
      ...expire(deployment, atMs),
    ];
  }
  if (version === undefined) return [];
  if (deployment.processes === "unwanted") return [{ kind: "stop", key: `stop:${id}`, deployment: id, version }];
  if (deployment.state === "Deploying" && step?.kind === "start") {
    const atMs = deployment.stepStartedAtMs + step.timeoutMs;
    return [
      { kind: "start", key: `start:${id}`, deployment: id, version, deadlineAtMs: atMs },
      ...expire(deployment, atMs),
    ];
  }
  const { frozen, watch: watched } = deployment;
  if (deployment.state === "Deploying" && frozen !== undefined && watched === undefined) return [wayOf(id)];
  if (deployment.state === "Deploying" && step?.kind === "warm-up") {
    const deadlineAtMs = deployment.stepStartedAtMs + step.timeoutMs;
    return [{ kind: "warm-up", key: `warm-up:${id}`, deployment: id, step: deployment.step, version, deadlineAtMs }];
  }
  const guarding = guard(deployment, version, state);
  if (guarding !== undefined) return [guarding];
  if (deployment.redrive?.state === "going") {
    const { number } = deployment.redrive;
    return [{ kind: "redrive", key: `redrive:${id}:${number}`, deployment: id, version, number }];
  }
  if (deployment.state === "Deploying" && step?.kind === "shadow") {
    const { undeployedAtMs } = deployment;
    const bounded = undeployedAtMs === undefined ? {} : { undeployedAtMs };
    const key = undeployedAtMs === undefined ? `shadow:${id}` : `shadow:${id}:undeployed`;
    const endsAtMs = deployment.stepStartedAtMs + step.durationMs;
    return [{ kind: "shadow", key, deployment: id, version, endsAtMs, ...bounded }];
  }
  const watching = watch(deployment, version, state);
  if (watching !== undefined) return [watching];
  if (deployment.state === "Draining" && drain === undefined && cleanup !== undefined)
    return [{ kind: "cleanup", key: `cleanup:${id}`, deployment: id, atMs: cleanup.untilMs }];
  const closing = close(deployment, version, state);
  if (deployment.state === "Draining" && drain !== undefined) {
    return [
      ...closing,
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
  return closing;
}

function wayOf(deployment: string): Effect {
  return { kind: "way", key: `way:${deployment}`, deployment };
}

function watch(deployment: Deployment, version: string, state: AgentState): Effect | undefined {
  const { deployment: id, step, watch: watched } = deployment;
  const stable = deploymentOf(state, deployment.replaces)?.version;
  if (deployment.state !== "Deploying" || watched === undefined || stable === undefined) return undefined;
  const { endsAtMs } = watched;
  const { revision } = state.route;
  return { kind: "watch", key: `watch:${id}:${step}`, deployment: id, step, version, revision, stable, endsAtMs };
}

/** From when messages may go there until the version before is no longer warm, or another is on its way. */
function guard(deployment: Deployment, version: string, state: AgentState): Effect | undefined {
  const before = guardedBy(deployment, state);
  return (
    before && {
      kind: "guard",
      key: `guard:${deployment.deployment}`,
      deployment: deployment.deployment,
      version,
      ...before,
    }
  );
}

/** How soon a version that is taken back was out of reach is worth knowing; of one that was replaced nobody asks. */
function close(deployment: Deployment, version: string, { route }: AgentState): Effect[] {
  const { deployment: id, rollbackReason, closedAtMs } = deployment;
  const closing = route.closed.find((one) => one.version === version);
  if (rollbackReason === undefined || closing === undefined || closedAtMs !== undefined) return [];
  return [{ kind: "close", key: `close:${id}`, deployment: id, version, revision: closing.revision }];
}

/** The time of one that waits for somebody's turn does not run. */
function expire(deployment: Deployment, atMs: number): readonly Effect[] {
  const { deployment: id, step } = deployment;
  return waitOf(deployment) === undefined ? [expiring(id, step, atMs)] : [];
}

function expiring(id: string, step: number, atMs: number): Effect {
  return { kind: "expire", key: `expire:${id}:${step}`, deployment: id, step, atMs };
}
