import type { DeploymentEvent } from "./event.ts";
import type { Freeze } from "./freeze.ts";
import type { ExperimentTally } from "./experiment.ts";
import type { Verdict } from "./judging.ts";
import type { RedriveRequest, RedriveTally } from "./redrive.ts";
import type { ShadowCause, ShadowSummary } from "./shadow/ending.ts";
import type { DeploymentRequest, Failure, InboxEnd } from "./state.ts";
import type { WarmUp } from "./warm-up.ts";

/** What people and their tools ask for. */
export type Request =
  /** `keptMs`: how long what is done stays on the bus, where a shadow needs to know. */
  | ({ readonly type: "deploy"; readonly keptMs?: number } & DeploymentRequest)
  | { readonly type: "abort"; readonly deployment: string; readonly reason: string }
  | { readonly type: "rollback"; readonly deployment: string; readonly reason: string }
  | RedriveRequest
  | QueueRequest
  | AgentRequest
  | StepRequest;

/** About the agent as a whole. */
export type AgentRequest = { readonly reason: string } & (
  | { readonly type: "hold" | "release" }
  | {
      readonly type: "undeploy";
      readonly inbox: InboxEnd;
      /** Why it is done although there is a freeze. */
      readonly overrideFreeze?: string;
    }
);

/** About one that waits. */
export type QueueRequest = { readonly deployment: string; readonly reason: string } & (
  | { readonly type: "cancel" }
  | {
      readonly type: "move";
      /** Where it shall stand, from 1. */
      readonly place: number;
      /** The order that was looked at (`AgentState.queueRevision`): where it is another by now, nothing is moved. */
      readonly queueRevision?: number;
    }
);

/** `step` is the index that is meant: one that comes late is refused, not applied to another. The one under way unless given. */
export type StepRequest = {
  readonly deployment: string;
  readonly reason: string;
  readonly step?: number;
  /** Why it is done although there is a freeze. */
  readonly overrideFreeze?: string;
} & ({ readonly type: "promote"; readonly full: boolean } | { readonly type: "pause" | "resume" | "approve" });

/** What the effects that `next` asked for found out. One that comes late or twice decides nothing. */
export type Report =
  | {
      readonly type: "validation-passed";
      readonly deployment: string;
      readonly shortName: string;
      readonly report: unknown;
    }
  | {
      readonly type: "validation-failed";
      readonly deployment: string;
      readonly failure: Failure;
      readonly report: unknown;
    }
  | { readonly type: "version-ready"; readonly deployment: string; readonly startMs: number }
  | { readonly type: "version-failed"; readonly deployment: string; readonly failure: Failure }
  | { readonly type: "route-applied"; readonly revision: number; readonly routers: number; readonly appliedMs: number }
  /** Every process of the version has closed at the revision that takes it back: no message can reach it any more. */
  | { readonly type: "version-closed"; readonly deployment: string; readonly revision: number }
  | { readonly type: "version-drained"; readonly deployment: string; readonly forced: boolean }
  | { readonly type: "version-stopped"; readonly deployment: string }
  | { readonly type: "step-expired"; readonly deployment: string; readonly step: number }
  | ({ readonly type: "verdict" } & StepVerdict)
  | { readonly type: "warmed-up"; readonly deployment: string; readonly step: number; readonly warmUp: WarmUp }
  /** Nobody is there to take its messages, since then (Unix ms), and the version before it is. */
  | { readonly type: "version-lost"; readonly deployment: string; readonly sinceMs: number; readonly reason: string }
  | {
      readonly type: "shadow-over";
      readonly deployment: string;
      readonly cause: ShadowCause;
      readonly reason: string;
      readonly summary?: ShadowSummary;
    }
  /** An artifact that no deployment needs is being removed; what was prepared of one was, from the machine `place`. */
  | { readonly type: "artifact-removed"; readonly digest: string; readonly sizeBytes: number }
  | { readonly type: "code-removed"; readonly digest: string; readonly sizeBytes: number; readonly place: string }
  | { readonly type: "cleanup-over"; readonly deployment: string }
  | {
      readonly type: "redrive-finished";
      readonly deployment: string;
      readonly number: number;
      readonly tally: RedriveTally;
    }
  /** Whoever should do this step bears no more now, and keeps it in line. */
  | {
      readonly type: "busy";
      readonly deployment: string;
      readonly step: number;
      readonly place: number;
      readonly waiting: number;
      readonly reason: string;
    }
  | { readonly type: "turn-came"; readonly deployment: string; readonly step: number }
  | { readonly type: "inbox-closed" | "inbox-emptied"; readonly deployment: string }
  /** Nothing outside keeps it any more: the first in line may start, or one that was frozen may go on. */
  | { readonly type: "way-free"; readonly deployment: string };

export interface StepVerdict {
  readonly deployment: string;
  readonly step: number;
  readonly verdict: Verdict;
  /** When what decided it happened, Unix ms; where it fails. */
  readonly breachedAtMs?: number;
  /** Of an A/B test, once all that is stored was counted. */
  readonly experiment?: ExperimentTally;
}

export interface Sender {
  /** UUID: the same id twice is once. */
  readonly commandId: string;
  readonly actor: string;
  /** When it was asked, Unix ms; when it is decided unless given. */
  readonly askedAtMs?: number;
}

export type Command = (Request & Sender) | (Report & Sender);

/** What reaches beyond one agent comes in from outside (DESIGN.md). */
export interface Policy {
  readonly maxQueued: number;
  /** Those of the agent and those of all; some may be over. */
  readonly freezes?: readonly Freeze[];
}

export type RefusalCode =
  | "invalid-argument"
  | "unknown-deployment"
  | "deployment-exists"
  | "already-active"
  | "not-allowed-now"
  | "stale-step"
  | "nothing-to-roll-back-to"
  | "nothing-to-redrive"
  | "no-live-version"
  | "kept-too-short"
  | "queue-full"
  | "deployment-conflict"
  | "stale-queue"
  | "frozen";

export interface Refusal {
  readonly code: RefusalCode;
  readonly message: string;
}

export type Decision =
  | { readonly ok: true; readonly events: readonly DeploymentEvent[] }
  | { readonly ok: false; readonly refusal: Refusal };
