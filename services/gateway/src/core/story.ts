import type { DeploymentEvent } from "@caxton/deployment/event";
import type { Verdict } from "@caxton/deployment/judging";
import type { WarmUp } from "@caxton/deployment/warm-up";

export type DecisionKind =
  | "promoted"
  | "promoted-fully"
  | "rolled-back"
  | "held"
  | "paused"
  | "resumed"
  | "approval-awaited"
  | "approved";

/** What was decided while a step was under way: on a verdict, or by a person or a tool. */
export interface StepDecision {
  readonly atMs: number;
  readonly decision: DecisionKind;
  readonly verdict?: Verdict;
  readonly by?: string;
  readonly reason?: string;
}

/** What became of a step of the plan. Times are Unix ms. */
export interface StepStory {
  readonly startedAtMs: number;
  readonly endedAtMs?: number;
  readonly routeRevision?: number;
  readonly appliedAtMs?: number;
  readonly verdict?: Verdict;
  readonly warmUp?: WarmUp;
  readonly decisions: readonly StepDecision[];
}

/** How a version was taken back: `safe` when its processes had closed, `diverted` when every live router followed. */
export interface RollbackStory {
  readonly sinceMs: number;
  readonly by: string;
  readonly reason: string;
  readonly cause: string;
  readonly routeRevision?: number;
  readonly restores?: string;
  readonly divertedAtMs?: number;
  readonly routers?: number;
  readonly appliedMs?: number;
  readonly safeAtMs?: number;
  readonly drainStartedAtMs?: number;
  readonly drainedAtMs?: number;
  readonly drainForced?: boolean;
  readonly endedAtMs?: number;
}

/** What is told about a deployment beyond its state: its steps by their index in the plan. */
export interface DeploymentStory {
  readonly steps: Readonly<Record<number, StepStory>>;
  readonly rollback?: RollbackStory;
}

const emptyStory: DeploymentStory = { steps: {} };

/** The story after one more event of the deployment. */
export function tell(story: DeploymentStory = emptyStory, event: DeploymentEvent): DeploymentStory {
  const { atMs } = event;
  switch (event.type) {
    case "DeploymentStarted":
      return begin(story, 0, { startedAtMs: atMs });
    case "ValidationPassed":
      return begin(story, 1, { startedAtMs: atMs });
    case "VersionReady":
      return begin(story, 2, { startedAtMs: atMs });
    case "VersionWarmedUp":
      return change(story, event.step, { warmUp: event.warmUp });
    case "RouteChanged": {
      const { revision } = event;
      if (story.rollback === undefined) return begin(story, event.step, { startedAtMs: atMs, routeRevision: revision });
      const restores = event.targets[0]?.version;
      return backing(story, { routeRevision: revision, ...(restores === undefined ? {} : { restores }) });
    }
    case "RouteApplied":
      return applied(story, event);
    case "ApprovalAwaited":
      return decided(begin(story, event.step, { startedAtMs: atMs }), event.step, {
        atMs,
        decision: "approval-awaited",
      });
    case "VerdictReached":
      return judged(story, event);
    case "StepApproved":
      return byHand(story, event, "approved");
    case "RolloutPaused":
      return byHand(story, event, "paused");
    case "RolloutResumed":
      return byHand(story, event, "resumed");
    case "CanaryPromoted":
      return byHand(story, event, event.full ? "promoted-fully" : "promoted");
    case "DeploymentCompleted":
    case "ValidationFailed":
    case "ShadowEnded":
    case "DeploymentFailed":
      return endSteps(story, atMs);
    case "RollbackStarted": {
      const { sinceMs, actor, reason, cause } = event;
      return { ...endSteps(story, atMs), rollback: { sinceMs, by: actor, reason, cause } };
    }
    case "VersionClosed":
      return backing(story, { safeAtMs: atMs });
    case "DrainStarted":
      return backing(story, { drainStartedAtMs: atMs });
    case "VersionDrained":
      // Whose processes have drained have closed before, also where nobody said so in time.
      return backing(story, {
        drainedAtMs: atMs,
        drainForced: event.forced,
        safeAtMs: story.rollback?.safeAtMs ?? atMs,
      });
    case "DeploymentRolledBack":
      return backing(endSteps(story, atMs), { endedAtMs: atMs });
    default:
      return story;
  }
}

/** A step that begins ends the one before. One that has begun already goes on: `VersionReady` and its first share are one moment. */
function begin(story: DeploymentStory, index: number, step: Omit<StepStory, "decisions">): DeploymentStory {
  const before = endSteps(story, step.startedAtMs);
  return { ...before, steps: { ...before.steps, [index]: { ...step, decisions: [] } } };
}

function endSteps(story: DeploymentStory, atMs: number): DeploymentStory {
  const steps = Object.entries(story.steps).map(([index, step]): [string, StepStory] => [
    index,
    step.endedAtMs === undefined ? { ...step, endedAtMs: atMs } : step,
  ]);
  return { ...story, steps: Object.fromEntries(steps) };
}

function change(story: DeploymentStory, index: number, changes: Partial<StepStory>): DeploymentStory {
  const step = story.steps[index];
  return step === undefined ? story : { ...story, steps: { ...story.steps, [index]: { ...step, ...changes } } };
}

function decided(story: DeploymentStory, index: number, decision: StepDecision): DeploymentStory {
  return change(story, index, { decisions: [...(story.steps[index]?.decisions ?? []), decision] });
}

function byHand(
  story: DeploymentStory,
  {
    atMs,
    step,
    actor,
    reason,
  }: DeploymentEvent & { readonly actor: string; readonly step: number; readonly reason: string },
  decision: DecisionKind,
): DeploymentStory {
  return decided(story, step, { atMs, decision, by: actor, reason });
}

const ofVerdict = { promote: "promoted", rollback: "rolled-back", hold: "held" } as const;

function judged(story: DeploymentStory, event: DeploymentEvent & { type: "VerdictReached" }): DeploymentStory {
  const { atMs, step, verdict, decision } = event;
  const told = change(story, step, { verdict });
  return decision === "none" ? told : decided(told, step, { atMs, decision: ofVerdict[decision], verdict });
}

function applied(story: DeploymentStory, event: DeploymentEvent & { type: "RouteApplied" }): DeploymentStory {
  const { revision, atMs, routers, appliedMs } = event;
  if (story.rollback?.routeRevision === revision) return backing(story, { divertedAtMs: atMs, routers, appliedMs });
  const index = Object.keys(story.steps).find((key) => story.steps[Number(key)]?.routeRevision === revision);
  return index === undefined ? story : change(story, Number(index), { appliedAtMs: atMs });
}

function backing(story: DeploymentStory, changes: Partial<RollbackStory>): DeploymentStory {
  return story.rollback === undefined ? story : { ...story, rollback: { ...story.rollback, ...changes } };
}
