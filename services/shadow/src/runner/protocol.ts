import type { ShadowSpec } from "@caxton/contracts/shadow";

/** From the supervisor, over IPC. */
export type RunnerOrder =
  | { readonly type: "start"; readonly busUrl: string; readonly spec: ShadowSpec; readonly behindMaxMs: number }
  /** The shadow has ended: bring the report to its end and exit. */
  | { readonly type: "stop" };
