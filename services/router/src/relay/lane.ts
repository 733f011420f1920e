import type { Bus, KvBucket, StreamInfo } from "@caxton/bus/types";
import { CaxtonError, toCaxtonError } from "@caxton/contracts/errors";
import type { Outcome } from "@caxton/contracts/outcome";
import type { RelayCheckpoint } from "@caxton/contracts/placement";
import { outcomeStream } from "@caxton/contracts/subjects";
import type { Logger } from "@caxton/telemetry/logger";
import type { SpanSink } from "@caxton/telemetry/span";
import { pause } from "../adapters/signal.ts";
import { nextDelayMs } from "../core/backoff.ts";
import { Checkpoint, keepCheckpoint } from "./checkpoint.ts";
import type { LaneState } from "./lane-state.ts";
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
  readonly spans: SpanSink | undefined;
}

/** One go at a lane, in one life of the outcome stream: where it begins, and what to do with an outcome. */
export interface Pass {
  readonly window: PublishingWindow;
  readonly fromSequence: number;
  /** An outcome of this sequence was there before, as the checkpoint or the target says. */
  readonly knownSequence: number;
  /** Returns a promise only where it has to wait. */
  onOutcome(outcome: Outcome, outcomeSequence: number): Promise<void> | void;
}

/** What a pass begins with. */
export interface Beginning {
  readonly outcomeEpochMs: number;
  readonly checkpoint: RelayCheckpoint | undefined;
}

export interface Lane {
  readonly state: LaneState;
  readonly checkpointKey: string;
  begin(beginning: Beginning): Promise<Pass>;
}

/** Whoever waits for room or for a target to come is not kept waiting much longer than that. */
const retryDelays = { minMs: 50, maxMs: 1_000 };
const healthyAfterMs = 1_000;

/**
 * Carries outcomes on to one place until `signal` aborts. After any trouble it begins anew with what `begin` finds to be
 * there already. Trouble is logged once, and again when it changes or ends.
 */
export async function runLane(context: LaneContext, lane: Lane, signal: AbortSignal): Promise<void> {
  const { log, agent, checkpoints } = context;
  const { state } = lane;
  const name = state.target;
  let delayMs = 0;
  while (!signal.aborted) {
    const startedMs = performance.now();
    try {
      const checkpoint = await Checkpoint.claim(checkpoints, lane.checkpointKey);
      const { createdAtMs: outcomeEpochMs, lastSequence } = await findOutcomes(context);
      const pass = await lane.begin({ outcomeEpochMs, checkpoint: checkpoint.found });
      requireWhole(context, pass.knownSequence, lastSequence);
      state.follow(() => pass.window.outcomeSequence);
      await runPass(context, { checkpoint, outcomeEpochMs, lastSequence, pass }, signal, () => {
        if (state.goesOn()) log.info({ agent_id: agent, lane: name }, "the relay goes on");
      });
    } catch (error) {
      if (signal.aborted) return;
      const { code, message } = toCaxtonError(error);
      const isNews = state.waits(toCaxtonError(error));
      // That somebody else wrote is how a takeover looks; reading again is all there is to do.
      if (isNews)
        log[code === "wrong-sequence" ? "info" : "warn"](
          { agent_id: agent, lane: name, code },
          `the relay waits: ${message}`,
        );
      delayMs = nextDelayMs(performance.now() - startedMs > healthyAfterMs ? 0 : delayMs, retryDelays);
      await pause(delayMs, signal);
    }
  }
}

interface Begun {
  readonly checkpoint: Checkpoint;
  readonly outcomeEpochMs: number;
  /** Of the outcome stream when the pass began. */
  readonly lastSequence: number;
  readonly pass: Pass;
}

async function runPass(
  context: LaneContext,
  { checkpoint, outcomeEpochMs, lastSequence, pass }: Begun,
  signal: AbortSignal,
  onProgress: () => void,
): Promise<void> {
  const { bus, agent, feed, log } = context;
  const { window } = pass;
  // Not AbortSignal.any, which looks at its sources each time that it is asked, and this one is asked after every outcome.
  const done = new AbortController();
  const end = (): void => done.abort();
  if (signal.aborted) end();
  signal.addEventListener("abort", end);
  const kept = keepCheckpoint(checkpoint, log, () => {
    const ahead = window.ahead();
    const { outcomeSequence } = window;
    return { outcomeEpochMs, outcomeSequence, ...(ahead.length === 0 ? {} : { ahead: [...ahead] }) };
  });
  // What a server that comes back still has is looked at anew.
  const off = bus.onStatus((status) => {
    if (status !== "connected") end();
  });
  // That something is there already is no progress, unless nothing else was to be done.
  const look = (): void => {
    if (window.stored === 0 && window.outcomeSequence < lastSequence) return;
    window.widen();
    onProgress();
  };
  window.onAcknowledged(look);
  const failed = window.failed(done.signal).then((error) => {
    end();
    return error;
  });
  try {
    const wanted = { bus, feed, agent, fromSequence: pass.fromSequence, epochMs: outcomeEpochMs, signal: done.signal };
    for await (const { sequence, outcomes } of readOutcomes(wanted)) {
      for (const [at, outcome] of outcomes.entries()) {
        const waiting = pass.onOutcome(outcome, sequence + at);
        if (waiting !== undefined) await waiting;
        window.outcomeRead(sequence + at);
        if (done.signal.aborted) break;
      }
      look();
    }
  } finally {
    off();
    end();
    signal.removeEventListener("abort", end);
    // Only when nothing is on its way any more can be said what is there.
    await window.settled();
    await kept.stop();
  }
  const failure = await failed;
  if (failure !== undefined) throw toCaxtonError(failure);
}

/** Sequences of the outcome stream mean something only together with when it was made. */
async function findOutcomes({ bus, agent }: LaneContext): Promise<StreamInfo> {
  const info = await bus.streams.info(outcomeStream(agent));
  if (info === undefined) throw new CaxtonError("stream-not-found", `there is no stream ${outcomeStream(agent)}`);
  return info;
}

/** @throws CaxtonError `outcomes-behind` */
function requireWhole({ agent }: LaneContext, knownSequence: number, lastSequence: number): void {
  if (knownSequence > lastSequence) throw outcomesBehind(agent, knownSequence, `it ends at ${lastSequence}`);
}

/** For an outcome stream that is older than what was carried on out of it. */
export function outcomesBehind(agent: string, knownSequence: number, found: string): CaxtonError {
  return new CaxtonError(
    "outcomes-behind",
    `${outcomeStream(agent)} was brought back older than it was: its outcome ${knownSequence} had been carried on, and ${found}; ` +
      `the relay stops, since it would pass over what is decided anew. See what was lost (caxton ledger ${agent}), then ` +
      `delete the stream, so that it begins a new life`,
    { details: { knownSequence } },
  );
}
