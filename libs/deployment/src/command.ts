import type { DeploymentEvent } from "./event.ts";
import type { Verdict } from "./judging.ts";
import type { RedriveRequest, RedriveTally } from "./redrive.ts";
import type { DeploymentRequest, Failure } from "./state.ts";
import type { WarmUp } from "./warm-up.ts";

/** What people and their tools ask for. */
export type Request =
  | ({ readonly type: "deploy" } & DeploymentRequest)
  | { readonly type: "abort"; readonly deployment: string; readonly reason: string }
  | { readonly type: "rollback"; readonly deployment: string; readonly reason: string }
  | RedriveRequest
  | StepRequest;

/** `step` is the index that is meant: one that comes late is refused, not applied to another. The one under way unless given. */
export type StepRequest = {
  readonly deployment: string;
  readonly reason: string;
  readonly step?: number;
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
  | { readonly type: "cleanup-over"; readonly deployment: string }
  | {
      readonly type: "redrive-finished";
      readonly deployment: string;
      readonly number: number;
      readonly tally: RedriveTally;
    };

export interface StepVerdict {
  readonly deployment: string;
  readonly step: number;
  readonly verdict: Verdict;
  /** When what decided it happened, Unix ms; where it fails. */
  readonly breachedAtMs?: number;
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
  | "queue-full";

export interface Refusal {
  readonly code: RefusalCode;
  readonly message: string;
}

export type Decision =
  | { readonly ok: true; readonly events: readonly DeploymentEvent[] }
  | { readonly ok: false; readonly refusal: Refusal };
