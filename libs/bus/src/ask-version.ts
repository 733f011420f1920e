import { RunAnswer, type RunMessage, type RunRequest } from "@caxton/contracts/agent-run";
import { hasCode, toCaxtonError, type CaxtonError } from "@caxton/contracts/errors";
import { checker } from "@caxton/contracts/schema";
import { runSubject } from "@caxton/contracts/subjects";
import { decodeJson, encodeJson } from "./json.ts";
import type { Bus } from "./types.ts";

const runAnswer = checker("run answer", RunAnswer);

export type Reply =
  | { readonly kind: "answer"; readonly answer: RunAnswer }
  /** Nobody listens, or the bus is away: it was not asked at all. */
  | { readonly kind: "nobody"; readonly error: CaxtonError }
  | { readonly kind: "silence" }
  /** We were told that the process ended. */
  | { readonly kind: "gone" }
  | { readonly kind: "too-large" };

export interface Ask {
  readonly agent: string;
  readonly version: string;
  readonly routeRevision: number;
  readonly budgetMs: number;
  readonly timeoutMs: number;
  readonly messages: readonly RunMessage[];
  /** Aborted when the process that has it is known to have ended. */
  readonly gone: AbortSignal;
}

/** One request to the instances of a version; never throws. */
export async function askVersion(bus: Pick<Bus, "request">, ask: Ask): Promise<Reply> {
  const { routeRevision, budgetMs } = ask;
  const request: RunRequest = { routeRevision, budgetMs, messages: [...ask.messages] };
  try {
    const reply = await bus.request(runSubject(ask.agent, ask.version), encodeJson(request), {
      timeoutMs: ask.timeoutMs,
      signal: ask.gone,
    });
    return { kind: "answer", answer: runAnswer.check(decodeJson(reply.data)) };
  } catch (error) {
    if (hasCode(error, "cancelled")) return { kind: "gone" };
    if (hasCode(error, "timeout")) return { kind: "silence" };
    if (hasCode(error, "message-too-large")) return { kind: "too-large" };
    return { kind: "nobody", error: toCaxtonError(error) };
  }
}
