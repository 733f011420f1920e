import type { Bus, KvBucket } from "@caxton/bus/types";
import { CaxtonError, toCaxtonError } from "@caxton/contracts/errors";
import type { Outcome } from "@caxton/contracts/outcome";
import { outcomeStream } from "@caxton/contracts/subjects";
import type { Logger } from "@caxton/telemetry/logger";
import { pause } from "../adapters/signal.ts";
import { nextDelayMs } from "../core/backoff.ts";
import { keepCheckpoint } from "./checkpoint.ts";
import type { OutcomeFeed } from "./outcome-feed.ts";
import type { PublishingWindow } from "./publishing-window.ts";
import { readOutcomes } from "./read-outcomes.ts";

export interface LaneContext {
  readonly bus: Bus;
  readonly log: Logger;
  readonly agent: string;
  readonly checkpoints: KvBucket;
  readonly feed: OutcomeFeed;
  /** Whether we may still believe in our lease; false after this process stood still. */
  mayPublish(): boolean;
}

/** One go at a lane, in one life of the outcome stream: where it begins, and what to do with an outcome. */
export interface Pass {
  readonly window: PublishingWindow;
  readonly fromSequence: number;
  /** Returns a promise only where it has to wait. */
  onOutcome(outcome: Outcome, outcomeSequence: number): Promise<void> | void;
}

const retryDelays = { minMs: 50, maxMs: 5_000 };
const healthyAfterMs = 1_000;

/**
 * Carries outcomes on to one place until `signal` aborts. After any trouble it begins anew with what `begin` finds to be
 * there already. Trouble is logged once, and again when it changes or ends.
 */
export async function runLane(
  context: LaneContext,
  name: string,
  checkpointKey: string,
  begin: (outcomeEpochMs: number) => Promise<Pass>,
  signal: AbortSignal,
): Promise<void> {
  const { log, agent } = context;
  let delayMs = 0;
  let trouble: string | undefined;
  while (!signal.aborted) {
    const startedMs = performance.now();
    try {
      const outcomeEpochMs = await findOutcomeEpochMs(context);
      const pass = await begin(outcomeEpochMs);
      await runPass(context, { checkpointKey, outcomeEpochMs, pass }, signal, () => {
        if (trouble !== undefined) log.info({ agent_id: agent, lane: name }, "the relay goes on");
        trouble = undefined;
      });
    } catch (error) {
      if (signal.aborted) return;
      const { code, message } = toCaxtonError(error);
      const isNews = code !== trouble;
      // That somebody else wrote is how a takeover looks; reading again is all there is to do.
      if (isNews)
        log[code === "wrong-sequence" ? "info" : "warn"]({ agent, lane: name, code }, `the relay waits: ${message}`);
      trouble = code;
      delayMs = nextDelayMs(performance.now() - startedMs > healthyAfterMs ? 0 : delayMs, retryDelays);
      await pause(delayMs, signal);
    }
  }
}

async function runPass(
  context: LaneContext,
  { checkpointKey, outcomeEpochMs, pass }: { checkpointKey: string; outcomeEpochMs: number; pass: Pass },
  signal: AbortSignal,
  onProgress: () => void,
): Promise<void> {
  const { bus, agent, checkpoints, feed, log } = context;
  const { window } = pass;
  const done = new AbortController();
  const either = AbortSignal.any([signal, done.signal]);
  const checkpoint = keepCheckpoint(checkpoints, checkpointKey, log, () => {
    const { outcomeSequence, targetSequence } = window;
    return { outcomeEpochMs, outcomeSequence, targetSequence };
  });
  const first = window.acknowledgements;
  const failed = window.failed(either).then((error) => {
    done.abort();
    return error;
  });
  try {
    const wanted = { bus, feed, agent, fromSequence: pass.fromSequence, epochMs: outcomeEpochMs, signal: either };
    for await (const { sequence, outcomes } of readOutcomes(wanted)) {
      for (const [at, outcome] of outcomes.entries()) {
        const waiting = pass.onOutcome(outcome, sequence + at);
        if (waiting !== undefined) await waiting;
        window.outcomeRead(sequence + at);
        if (either.aborted) break;
      }
      if (window.acknowledgements > first) onProgress();
    }
  } finally {
    done.abort();
    // Only when nothing is on its way any more can be said what is there.
    await window.settled();
    if (window.acknowledgements > first) onProgress();
    await checkpoint.stop();
  }
  const failure = await failed;
  if (failure !== undefined) throw toCaxtonError(failure);
}

/** Sequences of the outcome stream mean something only together with when it was made. */
async function findOutcomeEpochMs({ bus, agent }: LaneContext): Promise<number> {
  const info = await bus.streams.info(outcomeStream(agent));
  if (info === undefined) throw new CaxtonError("unknown-agent", `there is no stream ${outcomeStream(agent)}`);
  return info.createdAtMs;
}
