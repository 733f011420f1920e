import type { RefusalCode } from "./command.ts";
import type { Fact } from "./event.ts";

/** What a command comes to before the facts get their header: facts, none when it changes nothing, or a refusal. */
export type Facts =
  | { readonly ok: true; readonly facts: readonly Fact[] }
  | { readonly ok: false; readonly code: RefusalCode; readonly message: string };

export function refuse(code: RefusalCode, message: string): Facts {
  return { ok: false, code, message };
}
