import { readDeploymentEvent } from "@caxton/contracts/event-upcast";
import type { DeploymentEvent } from "@caxton/deployment/event";
import { evolve } from "@caxton/deployment/evolve";
import { type AgentState, initialState } from "@caxton/deployment/state";
import { type DeploymentStory, tell } from "./story.ts";

/** When the parts of a deployment first happened, Unix ms, and what validation found. */
export interface DeploymentMarks {
  readonly startedAtMs?: number;
  readonly validatedAtMs?: number;
  readonly readyAtMs?: number;
  readonly appliedAtMs?: number;
  readonly drainStartedAtMs?: number;
  readonly report?: unknown;
  /** Why it was asked for. */
  readonly reason?: string;
}

/** What is served about one agent: its state after the event with this revision. -1 before the first. */
export interface AgentView {
  readonly agent: string;
  readonly revision: number;
  readonly state: AgentState;
  readonly marks: Readonly<Record<string, DeploymentMarks>>;
  readonly stories: Readonly<Record<string, DeploymentStory>>;
}

export interface StoredFact {
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: unknown;
  readonly revision: number;
  readonly metadata?: { readonly reason?: string };
}

export function emptyView(agent: string): AgentView {
  return { agent, revision: -1, state: initialState, marks: {}, stories: {} };
}

/**
 * The view after one more stored event. A type that came later than this code only moves the revision.
 * @throws CaxtonError `internal` where the stored data is damaged
 */
export function foldFact(view: AgentView, stored: StoredFact): AgentView {
  const event = readDeploymentEvent(stored);
  if (event === undefined) return { ...view, revision: stored.revision };
  const { deployment: id } = event;
  const changes = marksOf(event, stored.metadata?.reason);
  const marks = changes === undefined ? view.marks : { ...view.marks, [id]: { ...changes, ...view.marks[id] } };
  const stories = { ...view.stories, [id]: tell(view.stories[id], event) };
  return { ...view, revision: stored.revision, state: evolve(view.state, event), marks, stories };
}

function marksOf(event: DeploymentEvent, reason: string | undefined): DeploymentMarks | undefined {
  switch (event.type) {
    case "DeploymentRequested":
      return reason === undefined ? undefined : { reason };
    case "DeploymentStarted":
      return { startedAtMs: event.atMs };
    case "ValidationPassed":
    case "ValidationFailed":
      return { validatedAtMs: event.atMs, report: event.report };
    case "VersionReady":
      return { readyAtMs: event.atMs };
    case "RouteApplied":
      return { appliedAtMs: event.atMs };
    case "DrainStarted":
      return { drainStartedAtMs: event.atMs };
    default:
      return undefined;
  }
}
