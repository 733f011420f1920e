import type { AgentLogLine } from "@caxton/contracts/agent-log";
import type { AgentDescription } from "@caxton/contracts/agent-description";
import type { CoreModules } from "./instantiate.ts";

/** A message as the runner takes it. */
export interface AgentMessage {
  readonly id: string;
  /** Absent: the first kind the agent accepts. */
  readonly kind?: string;
  readonly conversation?: string;
  /** Named in what the agent logs, and not shown to it. */
  readonly traceparent?: string;
  /** JSON text. */
  readonly body: string;
}

export interface AgentOutput {
  readonly to?: string;
  readonly kind: string;
  readonly body: string;
}

export type AgentFailureCode =
  | "message-invalid"
  | "agent-failure"
  | "agent-trap"
  | "agent-timeout"
  | "output-undeclared"
  | "output-too-large";

export type AgentAnswer =
  | { readonly result: "handled"; readonly outputs: readonly AgentOutput[]; readonly latencyMs: number }
  | {
      readonly result: "failed";
      readonly code: AgentFailureCode;
      readonly reason: string;
      /** Whether asking again may help. */
      readonly retry: boolean;
      readonly latencyMs: number;
    }
  /** Not this message's fault; ask again, alone. */
  | { readonly result: "unfinished" };

export interface WorkerOptions {
  readonly preparedDir: string;
  readonly modules: CoreModules;
  readonly configuration: string;
  readonly outputMaxBytes: number;
  /** Instances are replaced after so many messages. */
  readonly recycleAfterMessages: number;
  /** Where the worker writes what it is doing; see Progress. */
  readonly progress: SharedArrayBuffer;
}

/** Numbers in shared memory: which message of the batch is running (-1: none), since when (hrtime, ns), and in which thread (Linux). */
export const progressCells = { index: 0, startedNs: 1, threadId: 2, count: 3 } as const;

export type WorkerRequest =
  /** The first, and only once. */
  | { readonly type: "start"; readonly options: WorkerOptions }
  | { readonly type: "load-contract"; readonly description: AgentDescription }
  | { readonly type: "check"; readonly messages: readonly AgentMessage[] }
  /** Whether the contract allows the configuration that the worker was started with. */
  | { readonly type: "check-configuration" }
  | { readonly type: "batch"; readonly messages: readonly AgentMessage[]; readonly stopAtNs: bigint };

export type WorkerReport =
  | {
      readonly type: "started";
      readonly description: string;
      readonly instantiateMs: number;
      readonly describeMs: number;
      readonly memoryBytes: number;
    }
  | { readonly type: "done" }
  /** The request as a whole failed with one of our codes. */
  | { readonly type: "failed"; readonly code: string; readonly reason: string }
  | { readonly type: "checked"; readonly problems: readonly (string | undefined)[] }
  | { readonly type: "answers"; readonly first: number; readonly answers: readonly AgentAnswer[] }
  | { readonly type: "batch-done"; readonly memoryPeakBytes: number }
  | { readonly type: "log"; readonly lines: readonly AgentLogLine[] };
