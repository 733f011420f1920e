import { setTimeout as delay } from "node:timers/promises";
import { hasCode, toCaxtonError } from "@caxton/contracts/errors";
import { inboxStream, outcomeStream } from "@caxton/contracts/subjects";
import { arePressed, type TrimContext } from "./trim-context.ts";
import { trimInbox } from "./trim-inbox.ts";
import { trimOutbox } from "./trim-outbox.ts";
import { OutcomeTrimmer } from "./trim-outcomes.ts";

export interface TrimmerOptions extends TrimContext {
  /** Between two looks where nothing was to be done, and between two steps. */
  readonly everyMs: number;
  readonly stepPauseMs: number;
}

/** Where a stream is nearly full the next look is not far off. */
const pressedEveryMs = 1_000;

/** Takes away what is done and old enough, step by step, until `signal` aborts. Only the holder of the agent's lease runs it. */
export async function runTrimmer(options: TrimmerOptions, signal: AbortSignal): Promise<void> {
  const { bus, log, agent, settings, everyMs, stepPauseMs } = options;
  const outcomes = new OutcomeTrimmer(options);
  while (!signal.aborted) {
    let waitMs = everyMs;
    try {
      const steps = [await trimInbox(options, signal), await outcomes.step(signal), await trimOutbox(options, signal)];
      const streams = [await bus.streams.info(inboxStream(agent)), await bus.streams.info(outcomeStream(agent))];
      if (arePressed(streams, settings)) waitMs = Math.min(everyMs, pressedEveryMs);
      if (steps.includes(true)) waitMs = stepPauseMs;
    } catch (error) {
      const { code, message } = toCaxtonError(error);
      if (!hasCode(error, "wrong-sequence", "stream-not-found"))
        log.warn({ agent_id: agent, code }, `not trimmed: ${message}`);
    }
    await delay(waitMs, undefined, { signal }).catch(() => undefined);
  }
}
