import type { AgentMessage } from "@caxton/wasm-agent/runner-protocol";
import type { ExampleResult } from "../core/examples.ts";

export interface SandboxStart {
  /** From `prepareComponent`. */
  readonly preparedDir: string;
  readonly configuration: string;
  readonly messageTimeoutMs: number;
  readonly startTimeoutMs: number;
  readonly outputMaxBytes: number;
  /** The process ends itself when its resident memory goes beyond this. */
  readonly residentMaxBytes: number;
}

/** What the process is asked, one thing at a time. */
export type SandboxRequest =
  | { readonly ask: "start"; readonly start: SandboxStart }
  | { readonly ask: "load-contract" }
  | { readonly ask: "check-configuration" }
  /** What keeps the agent from being given these messages; none of them is run. */
  | { readonly ask: "check"; readonly messages: readonly AgentMessage[] }
  | { readonly ask: "handle"; readonly messages: readonly AgentMessage[]; readonly budgetMs: number };

export type SandboxAnswer =
  | { readonly answer: "start"; readonly startMs: number; readonly descriptionText: string }
  | { readonly answer: "load-contract" }
  /** null where it is allowed. */
  | { readonly answer: "check-configuration"; readonly problem: string | null }
  /** null where nothing does. */
  | { readonly answer: "check"; readonly problems: readonly (string | null)[] }
  | { readonly answer: "handle"; readonly results: readonly ExampleResult[]; readonly memoryPeakBytes: number }
  | { readonly answer: "failed"; readonly code: string; readonly message: string };

/** Exit code of a process that grew past `residentMaxBytes`. */
export const memoryExitCode = 77;
