import type { Bus } from "@caxton/bus/types";
import type { ValidateRequest } from "@caxton/contracts/validation";
import type { Sandbox } from "../sandbox/sandbox.ts";
import type { Sandboxes } from "../sandbox/sandboxes.ts";
import type { Descriptions } from "./descriptions.ts";

/** What lasts longer than one validation. */
export interface ValidatorContext {
  readonly bus: Bus;
  readonly cacheDir: string;
  readonly sandboxes: Sandboxes;
  readonly descriptions: Descriptions;
}

/** What the stages of one validation share. */
export interface StageContext extends ValidatorContext {
  readonly request: ValidateRequest;
  /** For the candidate. */
  readonly sandbox: Sandbox;
}
