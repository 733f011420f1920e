import type { Closing, Target } from "./route.ts";
import type { Verdict } from "./judging.ts";
import type { ExperimentReport } from "./experiment.ts";
import type { RedriveScope, RedriveTally } from "./redrive.ts";
import type { ShadowCause, ShadowSummary } from "./shadow/ending.ts";
import type { DeploymentRequest, Failure, InboxEnd } from "./state.ts";
import type { WarmUp } from "./warm-up.ts";

interface Header {
  /** When it was decided, Unix ms. */
  readonly atMs: number;
  readonly commandId: string;
}

/** What a person or a tool decided about a step, and why. */
interface ByHand {
  readonly deployment: string;
  readonly step: number;
  readonly actor: string;
  readonly reason: string;
  /** Why it was done although there was a freeze. */
  readonly overrideFreeze?: string;
}

interface RedriveByHand {
  readonly deployment: string;
  readonly number: number;
  readonly actor: string;
  readonly reason: string;
}

/** Facts worth keeping about one agent, in the words of the field. */
export type DeploymentEvent = Header &
  (
    | ({ readonly type: "DeploymentRequested"; readonly actor: string } & DeploymentRequest)
    | { readonly type: "DeploymentStarted"; readonly deployment: string; readonly replaces?: string }
    | {
        readonly type: "QueueReordered";
        readonly deployment: string;
        /** Places from 1. */
        readonly from: number;
        readonly to: number;
        readonly actor: string;
        readonly reason: string;
      }
    | {
        readonly type: "ValidationPassed";
        readonly deployment: string;
        readonly version: string;
        readonly ordinal: number;
        readonly report: unknown;
      }
    | {
        readonly type: "ValidationFailed";
        readonly deployment: string;
        readonly failure: Failure;
        readonly report: unknown;
      }
    | { readonly type: "VersionReady"; readonly deployment: string; readonly version: string; readonly startMs: number }
    | {
        readonly type: "VersionWarmedUp";
        readonly deployment: string;
        readonly version: string;
        readonly step: number;
        readonly warmUp: WarmUp;
      }
    | { readonly type: "DeploymentFailed"; readonly deployment: string; readonly failure: Failure }
    | {
        readonly type: "RouteChanged";
        readonly deployment: string;
        /** Index of the plan's step that this revision carries out. */
        readonly step: number;
        readonly revision: number;
        readonly targets: readonly Target[];
        readonly closed: readonly Closing[];
      }
    | {
        readonly type: "RouteApplied";
        readonly deployment: string;
        readonly revision: number;
        readonly routers: number;
        readonly appliedMs: number;
      }
    | { readonly type: "DeploymentCompleted"; readonly deployment: string }
    | {
        readonly type: "VerdictReached";
        readonly deployment: string;
        readonly step: number;
        readonly verdict: Verdict;
        /** What follows from it: the next step, the way back, the step held beyond its time, or nothing yet. */
        readonly decision: "promote" | "rollback" | "hold" | "none";
      }
    /** The time of an A/B test is over. */
    | {
        readonly type: "ExperimentConcluded";
        readonly deployment: string;
        readonly step: number;
        readonly report: ExperimentReport;
      }
    | { readonly type: "ApprovalAwaited"; readonly deployment: string; readonly step: number }
    | {
        /** It goes no further until the freeze is over. */
        readonly type: "RolloutFrozen";
        readonly deployment: string;
        readonly step: number;
        /** Index of the step that it would have gone to. */
        readonly next: number;
        readonly reason: string;
      }
    | {
        /** A validator or a host bears no more now; its time does not run meanwhile. */
        readonly type: "DeploymentWaits";
        readonly deployment: string;
        readonly step: number;
        /** In its line, from 1. */
        readonly place: number;
        readonly waiting: number;
        readonly reason: string;
      }
    | { readonly type: "DeploymentTurnCame"; readonly deployment: string; readonly step: number }
    /** Of the agent: a revision of the route from which on nothing is taken out of its inbox, or again. */
    | {
        readonly type: "AgentHeld" | "AgentReleased";
        /** The one that is active, or else on its way. */
        readonly deployment: string;
        readonly revision: number;
        readonly actor: string;
        readonly reason: string;
      }
    | {
        readonly type: "UndeployStarted";
        readonly deployment: string;
        readonly inbox: InboxEnd;
        readonly actor: string;
        readonly reason: string;
        readonly overrideFreeze?: string;
      }
    /** Nobody can put anything into the inbox any more. */
    | { readonly type: "InboxClosed"; readonly deployment: string }
    /** Everything in it is decided. */
    | { readonly type: "InboxEmptied"; readonly deployment: string }
    | { readonly type: "AgentUndeployed"; readonly deployment: string; readonly inbox: InboxEnd }
    | ({ readonly type: "StepApproved" } & ByHand)
    | ({ readonly type: "RolloutPaused" } & ByHand)
    | ({ readonly type: "RolloutResumed" } & ByHand)
    | ({ readonly type: "CanaryPromoted"; readonly full: boolean } & ByHand)
    | {
        readonly type: "RollbackStarted";
        readonly deployment: string;
        readonly reason: string;
        readonly actor: string;
        /** `manual`, `superseded`, `inconclusive`, `no_instance`, or the rule as in `high_error_rate`. */
        readonly cause: string;
        /** When it was asked for, or when the message that was one too many was decided, Unix ms. */
        readonly sinceMs: number;
      }
    | {
        readonly type: "ShadowEnded";
        readonly deployment: string;
        readonly cause: ShadowCause;
        readonly reason: string;
        readonly actor: string;
        /** Absent where it was not known yet; the report has it. */
        readonly summary?: ShadowSummary;
      }
    | {
        readonly type: "VersionClosed";
        readonly deployment: string;
        readonly version: string;
        readonly revision: number;
      }
    | {
        /** Of the version that was replaced: it gets no message and stays ready to come back. */
        readonly type: "CleanupStarted";
        readonly deployment: string;
        readonly version: string;
        /** The deployment that replaced it. */
        readonly by: string;
        readonly untilMs: number;
      }
    | {
        readonly type: "DrainStarted";
        readonly deployment: string;
        readonly version: string;
        readonly revision: number;
        readonly deadlineAtMs: number;
        readonly ending: "Retired" | "RolledBack";
      }
    | {
        readonly type: "VersionDrained";
        readonly deployment: string;
        readonly version: string;
        readonly forced: boolean;
      }
    | { readonly type: "VersionStopped"; readonly deployment: string; readonly version: string }
    | { readonly type: "DeploymentRetired"; readonly deployment: string }
    | {
        /** Of the agent's last deployment that brought it; none needs it. */
        readonly type: "ArtifactRemoved";
        readonly deployment: string;
        readonly digest: string;
        readonly sizeBytes: number;
      }
    | {
        readonly type: "PreparedCodeRemoved";
        readonly deployment: string;
        readonly digest: string;
        readonly sizeBytes: number;
        /** The machine. */
        readonly place: string;
      }
    | {
        readonly type: "DeploymentRolledBack";
        readonly deployment: string;
        readonly reason: string;
        /** Where no RollbackStarted says it: `cancelled` out of the line, or `superseded` before it had a version. */
        readonly cause?: "cancelled" | "superseded";
      }
    /** What its version handled or failed is handled again from here on. */
    | ({ readonly type: "RedriveStarted" } & RedriveByHand & RedriveScope)
    | ({ readonly type: "RedriveStopped" } & RedriveByHand)
    | {
        readonly type: "RedriveFinished";
        readonly deployment: string;
        readonly number: number;
        readonly tally: RedriveTally;
      }
  );

export type DeploymentEventType = DeploymentEvent["type"];

/** An event before its header is put on. */
export type Fact = DeploymentEvent extends infer Event
  ? Event extends DeploymentEvent
    ? Omit<Event, keyof Header>
    : never
  : never;
