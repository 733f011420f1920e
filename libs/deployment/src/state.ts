import type { ExperimentReport, Measure } from "./experiment.ts";
import type { Judging, Verdict } from "./judging.ts";
import type { Redrive } from "./redrive.ts";
import { noRoute, type Route } from "./route.ts";
import type { ShadowCause } from "./shadow/ending.ts";
import type { ShadowSettings } from "./shadow/settings.ts";
import type { Step, Strategy } from "./strategy.ts";

/** As ADR section 4 names them, plus Queued and Retired (DESIGN.md). */
export type DeploymentState =
  | "Queued"
  | "Validating"
  | "Deploying"
  | "Running"
  | "Draining"
  | "Failed"
  | "RolledBack"
  | "Retired";

export interface Artifact {
  readonly digest: string;
  readonly sizeBytes: number;
}

/** What a version may use. Part of its identity. */
export interface Limits {
  readonly memoryMaxBytes: number;
  readonly messageTimeoutMs: number;
  readonly startTimeoutMs: number;
  readonly outputMaxBytes: number;
  /** Largest p99 of the time per message that profiling may measure. */
  readonly p99MaxMs: number;
}

export type KeptField = "configuration" | "limits" | "instances" | "concurrency";

/** What becomes of what is in the inbox of an agent that is undeployed. */
export const inboxEnds = ["drain", "keep", "dead-letter"] as const;
export type InboxEnd = (typeof inboxEnds)[number];

/** A machine that bears no more now keeps a deployment in its line; its time does not run meanwhile. */
export interface Wait {
  /** Index of the plan's step that waits. */
  readonly step: number;
  /** In the line of whoever keeps it, from 1. */
  readonly place: number;
  readonly waiting: number;
  readonly reason: string;
  readonly sinceMs: number;
  readonly saidAtMs: number;
}

interface SaidOfAgent {
  readonly reason: string;
  readonly actor: string;
  /** Unix ms. */
  readonly atMs: number;
}

/** What becomes of a deployment that is asked for while another is on its way. */
export const conflictPolicies = ["queue", "supersede", "reject"] as const;
export type ConflictPolicy = (typeof conflictPolicies)[number];

/** What somebody asked for: one attempt to bring an artifact into an agent. */
export interface DeploymentRequest {
  readonly deployment: string;
  readonly agent: string;
  readonly artifact: Artifact;
  /** JSON text given to the agent with every message. */
  readonly configuration: string;
  readonly limits: Limits;
  /** sha256 over artifact, configuration and limits, in hex: what makes two versions the same. */
  readonly fingerprint: string;
  readonly instances: number;
  /** How many messages one instance works on at once. */
  readonly concurrency: number;
  /** What was not asked for and therefore kept as an earlier deployment of the agent had it. */
  readonly kept?: { readonly from: string; readonly fields: readonly KeptField[] };
  readonly strategy: Strategy;
  readonly plan: readonly Step[];
  /** How it is judged on its way; a strategy that watches nothing has none. */
  readonly judging?: Judging;
  /** What is compared, of a shadow. */
  readonly shadow?: ShadowSettings;
  /** What an A/B test compares. */
  readonly experiment?: { readonly measure: Measure };
  /** Why a breaking change of the contract is wanted all the same. */
  readonly allowBreaking?: string;
  /** `queue` unless given. */
  readonly onConflict?: ConflictPolicy;
  /** Why it goes on although there was a freeze when it was asked for. */
  readonly overrideFreeze?: string;
}

export interface Failure {
  readonly stage: string;
  readonly code: string;
  readonly reason: string;
}

export interface Deployment extends DeploymentRequest {
  readonly state: DeploymentState;
  readonly requestedAtMs: number;
  readonly actor: string;
  /** Index into the plan. */
  readonly step: number;
  readonly stepStartedAtMs: number;
  /** Known after validation: `<short>-v<n>-<5 hex>`. */
  readonly version?: string;
  /** The n of the version id: counts the agent's versions from 1. */
  readonly ordinal?: number;
  /** The deployment whose version this one takes over from. */
  readonly replaces?: string;
  /** Whether its processes should be there: `none` before and `gone` after. */
  readonly processes: "none" | "wanted" | "unwanted" | "gone";
  readonly drain?: {
    readonly revision: number;
    readonly deadlineAtMs: number;
    readonly ending: "Retired" | "RolledBack";
  };
  readonly drainedAtMs?: number;
  /** Means something only while it is at that step: `waitOf`. */
  readonly waits?: Wait;
  /** While its step is watched: from when every router followed the route. */
  readonly watch?: {
    readonly endsAtMs: number;
    /** The last one that was worth keeping. */
    readonly verdict?: Verdict;
    readonly verdictAtMs?: number;
    /** Since when the step is held beyond its time. */
    readonly heldAtMs?: number;
  };
  readonly pausedAtMs?: number;
  /** While a freeze keeps it from step `next`. */
  readonly frozen?: { readonly atMs: number; readonly next: number; readonly reason: string };
  /** While it is replaced and kept warm: until when, and who replaced it. */
  readonly cleanup?: { readonly untilMs: number; readonly by: string };
  /** When the processes of a version that is taken back had closed. */
  readonly closedAtMs?: number;
  readonly validatedAtMs?: number;
  readonly runningAtMs?: number;
  readonly endedAtMs?: number;
  /** Since when its artifact is not kept any more. */
  readonly artifactRemovedAtMs?: number;
  /** From which machines what was prepared of it was removed. */
  readonly codeRemovedFrom?: readonly string[];
  readonly failure?: Failure;
  /** When the agent of a shadow was undeployed while it was under way, Unix ms: it is compared with what was handled until then. */
  readonly undeployedAtMs?: number;
  /** Why a shadow ended. */
  readonly shadowEnd?: { readonly cause: ShadowCause; readonly reason: string };
  /** Why it was taken back. */
  readonly rollbackReason?: string;
  /** What its A/B test came to, once the time was over. */
  readonly concluded?: ExperimentReport;
  /** The newest time that its messages are handled again. */
  readonly redrive?: Redrive;
}

/** Everything that is known of one agent: the aggregate of stream `agent-<name>`. */
export interface AgentState {
  readonly agent: string | undefined;
  readonly deployments: Readonly<Record<string, Deployment>>;
  /** Waiting, first in line first. */
  readonly queue: readonly string[];
  /** Grows by one whenever somebody who waits gets another place. */
  readonly queueRevision: number;
  /** The one deployment that is on its way. */
  readonly rollout: string | undefined;
  /** The deployment whose version is the stable one. */
  readonly active: string | undefined;
  readonly route: Route;
  /** While nothing is taken out of the inbox because somebody wants it so. */
  readonly hold?: SaidOfAgent & { readonly deployment: string };
  /** While it is undeployed. */
  readonly undeploy?: SaidOfAgent & {
    readonly deployment: string;
    readonly inbox: InboxEnd;
    readonly closedAtMs?: number;
    readonly emptiedAtMs?: number;
  };
  /** From when it was undeployed until it runs again. */
  readonly undeployed?: SaidOfAgent & { readonly inbox: InboxEnd };
  /** The last revision that every live router acknowledged. */
  readonly appliedRevision: number;
  readonly versions: number;
  /** Ids of the requests that changed something, so that a repeat changes nothing. Reports are told apart by the state. */
  readonly commands: Readonly<Record<string, true>>;
}

export const initialState: AgentState = {
  agent: undefined,
  deployments: {},
  queue: [],
  queueRevision: 0,
  rollout: undefined,
  active: undefined,
  route: noRoute,
  appliedRevision: 0,
  versions: 0,
  commands: {},
};

/** Nothing more will happen to a deployment in one of these by itself. */
export function isSettled(state: DeploymentState): boolean {
  return state === "Running" || state === "Failed" || state === "RolledBack" || state === "Retired";
}

/** Ids come from outside, so a name that every object inherits (`constructor`) is no deployment. */
export function deploymentOf(state: AgentState, id: string | undefined): Deployment | undefined {
  return id !== undefined && Object.hasOwn(state.deployments, id) ? state.deployments[id] : undefined;
}

/**
 * Whose settings a further deployment keeps where it names none: the last in line that is not being taken back, else the
 * active one.
 */
export function settingsBefore(state: AgentState): Deployment | undefined {
  const waiting = state.queue.toReversed();
  const onTheirWay = [...waiting, state.rollout].map((id) => deploymentOf(state, id));
  const last = onTheirWay.find((deployment) => deployment !== undefined && deployment.rollbackReason === undefined);
  return last ?? deploymentOf(state, state.active);
}

export function versionOf(state: AgentState, id: string | undefined): string | undefined {
  return deploymentOf(state, id)?.version;
}

/** How long the share that is under way is watched, in ms; where there is nobody to go back to nothing is watched. */
export function watchMsOf(deployment: Deployment): number | undefined {
  const step = stepOf(deployment);
  return step?.kind === "shift" && deployment.replaces !== undefined ? step.watchMs : undefined;
}

/** The version that `deployment` replaced, while it is kept warm. */
export function warmPredecessor(state: AgentState, deployment: Deployment): Deployment | undefined {
  const before = deploymentOf(state, deployment.replaces);
  return before?.cleanup === undefined || before.drain !== undefined ? undefined : before;
}

/** Which warm version takes over by itself where nobody of the deployment's is there, and after how long, in ms. */
export function guardedBy(
  deployment: Deployment,
  state: AgentState,
): { readonly before: string; readonly backAfterMs: number } | undefined {
  // Who is undeployed gives its messages to nobody.
  if (state.undeploy !== undefined) return undefined;
  const last = deployment.plan.at(-1);
  const backAfterMs = last?.kind === "finalize" ? last.backAfterMs : undefined;
  const before = isSwitching(deployment)
    ? deploymentOf(state, deployment.replaces)
    : state.active === deployment.deployment && state.rollout === undefined
      ? warmPredecessor(state, deployment)
      : undefined;
  return backAfterMs === undefined || before?.version === undefined
    ? undefined
    : { before: before.version, backAfterMs };
}

function isSwitching(deployment: Deployment): boolean {
  const step = stepOf(deployment);
  return deployment.state === "Deploying" && step?.kind === "shift" && step.share === 1;
}

export function stepOf(deployment: Deployment): Step | undefined {
  return deployment.plan[deployment.step];
}
