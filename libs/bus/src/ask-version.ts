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
  /** Another version takes what this one does not come to. */
  readonly hasStandIn?: boolean;
  /** Aborted when the process that has it is known to have ended. */
  readonly gone: AbortSignal;
}

/** In the budget beside a message's own deadline, ms: an agent that had to be ended is started again meanwhile. */
export const restartMs = 1_000;
const marginMs = 1_000;

/**
 * The times of a request as a whole; a message's own deadline is kept by its process.
 * @param underWay requests to the version at the same time, this one too: one instance may have to answer them all
 */
export function requestTimes(messageTimeoutMs: number, underWay = 1): Pick<Ask, "budgetMs" | "timeoutMs"> {
  const budgetMs = messageTimeoutMs + restartMs;
  return { budgetMs, timeoutMs: budgetMs * underWay + marginMs };
}

/** One request to the instances of a version; never throws. */
export async function askVersion(bus: Pick<Bus, "request">, ask: Ask): Promise<Reply> {
  const { routeRevision, budgetMs, hasStandIn } = ask;
  const request: RunRequest = {
    routeRevision,
    budgetMs,
    messages: [...ask.messages],
    ...(hasStandIn === true ? { hasStandIn } : {}),
  };
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
