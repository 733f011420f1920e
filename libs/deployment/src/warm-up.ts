import type { Failure } from "./state.ts";

/**
 * Why a warm-up ended: its latency became steady, the step's time was over first, there was nothing to ask, it fails on
 * what it should handle, its processes end again and again, or nobody answered.
 */
export const warmUpEnds = ["steady", "time-over", "nothing-to-ask", "failing", "crashing", "unanswered"] as const;
export type WarmUpEnd = (typeof warmUpEnds)[number];

/** What a version was asked before its first live message, and how it did. Its outputs went nowhere. */
export interface WarmUp {
  /** Recent messages of the agent's inbox, or the component's own examples where it has none. */
  readonly source: "history" | "examples";
  /** Different ones that were answered for. */
  readonly messages: number;
  /** Answers; one message may be asked many times. */
  readonly answers: number;
  /** Of the messages, those that the version failed on for good. */
  readonly failed: number;
  /** Of the failed ones, those that the version before had handled; of examples all. */
  readonly regressed: number;
  /** The first of the regressed, else of the failed. */
  readonly firstFailure?: { readonly message: string; readonly code: string; readonly reason: string };
  /** How often a process of it ended. */
  readonly crashes: number;
  /** Median time per message, in ms, at the beginning and at the end; absent where too few were handled. */
  readonly latencyBeforeMs?: number;
  readonly latencyAfterMs?: number;
  readonly ended: WarmUpEnd;
  readonly tookMs: number;
}

/** More of the messages that the version before handled, 0–1, must not fail. */
export const regressedShareMax = 0.05;
/** So often a process may not end. */
export const crashesMax = 3;

/** What is wrong with a version that did so; undefined where it may have its messages. */
export function warmUpFailure(warmUp: Omit<WarmUp, "ended">, wasAsked: boolean): Failure | undefined {
  const { messages, answers, failed, regressed, crashes, firstFailure, source } = warmUp;
  const failure = (code: string, reason: string): Failure => ({ stage: "warm-up", code, reason });
  if (crashes >= crashesMax)
    return failure("agent-crash", `its processes ended ${crashes} times while it was warmed up`);
  // Of those whose outcome is a failure there too, or is not known, nobody can say that they should be handled.
  const expected = messages - (failed - regressed);
  if (regressed > expected * regressedShareMax) {
    const share = `${Number(((regressed / expected) * 100).toPrecision(3))}%, at most ${regressedShareMax * 100}% may`;
    const which = source === "examples" ? "of its own examples" : "messages that the version before handled";
    const first =
      firstFailure === undefined ? "" : `; ${firstFailure.message}: ${firstFailure.code}: ${firstFailure.reason}`;
    return failure("warm-up-failed", `it fails on ${regressed} of ${expected} ${which} (${share})${first}`);
  }
  if (wasAsked && answers === 0)
    return failure("version-failed", "no instance of it answered while it was warmed up; is an agent-host running?");
  return undefined;
}
