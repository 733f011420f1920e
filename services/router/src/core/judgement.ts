import type { RunResult } from "@caxton/contracts/agent-run";
import { maxAttempts, maxDeliveries, maxHops } from "@caxton/contracts/limits";
import { isAgentName } from "@caxton/contracts/names";
import type { Attempt, Output } from "@caxton/contracts/outcome";
import { header } from "@caxton/contracts/subjects";
import type { Inbound } from "@caxton/contracts/inbound";

/**
 * How a message is asked: in a batch, alone (its neighbours took the time), or as a suspect: alone, with nothing else of
 * this router at the version, so that a crash can be laid at its door.
 */
export type Asking = "batch" | "alone" | "suspect";

export type Decision =
  | { readonly kind: "handled"; readonly attempt: Attempt; readonly outputs: readonly Output[] }
  | { readonly kind: "dead-lettered"; readonly code: string; readonly reason: string; readonly attempt?: Attempt }
  | {
      readonly kind: "again";
      readonly asking: Asking;
      readonly delayMs: number;
      readonly attempt?: Attempt;
      /** A canary was asked: from now on the stable version is. */
      readonly fallback?: true;
    };

/** Who was asked, and under which route. */
export interface Asked {
  readonly version: string;
  readonly routeRevision: number;
}

/** What may have been the version's fault or a moment's; everything else goes by the answer's own `retry`. */
const passing: ReadonlySet<string> = new Set(["agent-trap", "agent-timeout", "agent-crash"]);
const reasonMaxCharacters = 2_000;
/** How often a message asked alone may get no answer at all before an operator should look at it. */
export const maxSilences = 100;
const silenceDelays = { firstMs: 50, maxMs: 1_000 };

/** A message that no version is asked about. */
export function refusal(message: Inbound): { readonly code: string; readonly reason: string } | undefined {
  if (message.hops > maxHops)
    return {
      code: "hop-limit",
      reason: `${message.hops} agents passed this on${lastOf(message)}, ${maxHops} may: do they send in a circle?`,
    };
  if (message.deliveryCount > maxDeliveries)
    return {
      code: "undecided",
      reason: `delivered ${message.deliveryCount} times without a decision, at most ${maxDeliveries} are made`,
    };
  if (message.body === undefined) return { code: "message-invalid", reason: "the body is not UTF-8 text" };
  return undefined;
}

function lastOf({ agent, headers }: Inbound): string {
  const from = headers[header.output]?.split("/", 1)[0];
  return from === undefined || !isAgentName(from) ? "" : `, the last of them '${from}' to '${agent}'`;
}

/** What an answer means for its message. `earlier` are the attempts made before. */
export function judge(earlier: readonly Attempt[], asked: Asked, result: RunResult): Decision {
  if (result.result === "unfinished") return { kind: "again", asking: "alone", delayMs: 0 };
  if (result.result === "handled")
    return {
      kind: "handled",
      outputs: result.outputs,
      attempt: { ...asked, result: "handled", latencyMs: result.latencyMs },
    };
  const attempt: Attempt = {
    ...asked,
    result: "failed",
    code: result.code,
    reason: result.reason.slice(0, reasonMaxCharacters),
    latencyMs: result.latencyMs,
  };
  if (!result.retry && !passing.has(result.code)) return deadLetter(attempt);
  return retryOrDeadLetter(earlier, attempt, result.code === "agent-timeout" ? "alone" : "batch");
}

/** The process ended while it had the message. `sole`: nothing else of ours was there, so it was this message. */
export function judgeCrash(
  earlier: readonly Attempt[],
  asked: Asked,
  sole: boolean,
  reason: string,
  latencyMs: number,
): Decision {
  if (!sole) return { kind: "again", asking: "suspect", delayMs: 0 };
  const code = "agent-crash";
  return retryOrDeadLetter(
    earlier,
    { ...asked, result: "failed", code, reason: reason.slice(0, reasonMaxCharacters), latencyMs },
    "suspect",
  );
}

/** Nobody answered in time and nobody is known to have died: nobody's fault, up to a point. */
export function judgeSilence(silences: number): Decision {
  const delayMs = Math.min(silenceDelays.maxMs, silenceDelays.firstMs * 2 ** (silences - 1));
  if (silences <= maxSilences) return { kind: "again", asking: "alone", delayMs };
  return { kind: "dead-lettered", code: "undecided", reason: `asked ${silences} times without any answer` };
}

/** The bus cannot carry a request of `count` messages: a message's text grows that much only when it is no JSON. */
export function judgeTooLarge(count: number): Decision {
  if (count > 1) return { kind: "again", asking: "alone", delayMs: 0 };
  const reason = "the body cannot be carried as text in one request";
  return { kind: "dead-lettered", code: "message-invalid", reason };
}

function deadLetter(attempt: Attempt): Decision {
  return { kind: "dead-lettered", code: attempt.code ?? "internal", reason: attempt.reason ?? "", attempt };
}

/** Failures of another version do not count: a message that a bad version failed on gets its full chance at the next. */
function retryOrDeadLetter(earlier: readonly Attempt[], attempt: Attempt, asking: Asking): Decision {
  const failed = 1 + earlier.filter((one) => one.version === attempt.version).length;
  if (failed >= maxAttempts) return deadLetter(attempt);
  return { kind: "again", asking, delayMs: attempt.code === "agent-failure" ? 50 * 4 ** (failed - 1) : 0, attempt };
}
