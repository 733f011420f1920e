import type { AgentLogLine } from "@caxton/contracts/agent-log";
import type { VersionSpec } from "@caxton/contracts/placement";

export interface InstanceOptions {
  readonly busUrl: string;
  /** Names this process in its answers. */
  readonly instance: string;
  readonly spec: VersionSpec;
  /** From `prepareComponent`. */
  readonly preparedDir: string;
  /** Threads that run the agent. */
}

/** From the supervisor, over IPC. */
export type InstanceOrder =
  | { readonly type: "start"; readonly options: InstanceOptions }
  | { readonly type: "ping" }
  /** Finish what is in flight and exit. */
  | { readonly type: "stop" };

/** To the supervisor. */
export type InstanceReport =
  | { readonly type: "ready"; readonly startMs: number }
  /** It cannot work and is about to exit. */
  | { readonly type: "failed"; readonly code: string; readonly reason: string }
  | { readonly type: "state"; readonly state: "ready" | "closed" | "drained"; readonly closedAtRevision: number }
  | { readonly type: "log"; readonly lines: readonly AgentLogLine[] }
  | { readonly type: "pong"; readonly memoryBytes: number; readonly cpuMs: number };
