/** What a toolchain process is asked to do. */
export type ToolJob =
  /** Nothing but having the tools loaded. */
  | { readonly tool: "warm-up" }
  | { readonly tool: "inspect"; readonly bytes: Uint8Array }
  | { readonly tool: "prepare"; readonly bytes: Uint8Array; readonly folder: string; readonly memoryMaxBytes: number };

/** What inspecting found: the printed world and the memories its core modules define. */
export interface InspectFindings {
  readonly wit: string;
  readonly memories: readonly { readonly minimumBytes: number; readonly maximumBytes?: number }[];
}

export interface ToolRequest {
  readonly maxResidentBytes: number;
  readonly job: ToolJob;
}

export type ToolAnswer =
  | { readonly ok: true; readonly findings?: InspectFindings }
  | { readonly ok: false; readonly reason: string };

/** Exit code of a toolchain process that grew past its memory bound. */
export const memoryExitCode = 77;
