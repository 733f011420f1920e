import type { AgentStreamSettings } from "@caxton/bus/agent-streams";
import type { Bus } from "@caxton/bus/types";
import type { SentTrace } from "@caxton/contracts/trace-context";
import type { Report } from "@caxton/deployment/command";
import type { RedriveTally } from "@caxton/deployment/redrive";
import type { AgentState, Deployment } from "@caxton/deployment/state";
import type { Logger } from "@caxton/telemetry/logger";
import type { RouteWriter } from "../adapters/route-writer.ts";

/** What carrying out an effect of one agent needs. An effect ends by returning what it found out. */
export interface EffectContext {
  readonly bus: Bus;
  readonly log: Logger;
  readonly agent: string;
  readonly routes: RouteWriter;
  /** The state that asked for the effect. */
  readonly state: AgentState;
  /** The trace that the effect's deployment belongs to. */
  readonly trace: SentTrace;
  readonly now: () => number;
  /** How an agent's streams are made. */
  readonly streams: Partial<AgentStreamSettings>;
  /** What validation reported of a deployment, as it was stored. */
  readonly reportOf: (deployment: string) => Promise<unknown>;
  /** For an effect that finds out more than one thing: each is decided on before it goes on. */
  readonly tell: (report: Report) => Promise<void>;
  /** Resolves when there is no freeze that concerns the agent. */
  readonly lifted: (signal: AbortSignal) => Promise<void>;
  /** Counts what a redrive came to with messages of a version, once that is written down. */
  readonly redriven: (version: string, tally: RedriveTally) => void;
  /** Aborted when the state no longer asks for the effect. */
  readonly signal: AbortSignal;
}

/** What it found out last; nothing where it told everything already, or was aborted. */
export type EffectResult = Promise<Report | undefined>;

/** @throws TypeError where `next` asked for something about a deployment that is not there: a fault of ours */
export function deploymentOf(state: AgentState, id: string): Deployment {
  const deployment = state.deployments[id];
  if (deployment === undefined) throw new TypeError(`no deployment ${id} in the state that asked for its effect`);
  return deployment;
}
