import { holdLease, type LeaseSeat } from "@caxton/bus/hold-lease";
import type { HeldLease } from "@caxton/bus/lease";
import type { Bus, KvBucket } from "@caxton/bus/types";
import { toCaxtonError } from "@caxton/contracts/errors";
import type { RelayLaneStatus } from "@caxton/contracts/lane-status";
import { leaseBucket, outcomeStream, relayBucket } from "@caxton/contracts/subjects";
import { Pulse } from "@caxton/service/pulse";
import type { Logger } from "@caxton/telemetry/logger";
import type { SpanSink } from "@caxton/telemetry/span";
import { pause } from "../adapters/signal.ts";
import { createCheckpoint, targetKey } from "./checkpoint.ts";
import { runInboxLane } from "./inbox-lane.ts";
import type { OutcomePlace } from "./core/position.ts";
import { LaneState } from "./lane-state.ts";
import type { LaneContext } from "./lane.ts";
import type { OutcomeFeed } from "./outcome-feed.ts";
import { runOutboxLane } from "./outbox-lane.ts";

export interface RelayOptions {
  readonly bus: Bus;
  readonly log: Logger;
  /** Unique to this process. */
  readonly holder: string;
  readonly agent: string;
  /** What this process stores of the agent's outcomes. */
  readonly feed: OutcomeFeed;
  /** Where spans go; nowhere where undefined. */
  readonly spans: SpanSink | undefined;
}

export interface Relay {
  /** The lanes, while this process relays for the agent; undefined while another does. */
  status(): readonly RelayLaneStatus[] | undefined;
  close(): Promise<void>;
}

/** After this a key of the bucket is gone, should nobody else want it. */
export const leaseTtlMs = 1_500;
/** A relay of which nothing is heard for so long is replaced. */
const takeOverAfterMs = 1_000;
const lookEveryMs = 1_000;
const openAgainMs = 500;

interface Running {
  readonly states: readonly LaneState[];
  readonly lastOutcomeSequence: number;
}

/** Carries an agent's outputs on, as long as no other process does (DESIGN: one relay an agent; its writes guard themselves). */
export function startRelay(options: RelayOptions): Relay {
  const { bus, log, holder, agent, feed, spans } = options;
  const stop = new AbortController();
  let running: Running | undefined;
  const opening = open();

  async function open(): Promise<LeaseSeat | undefined> {
    for (;;) {
      try {
        const leases = await bus.kv(leaseBucket, { ttlMs: leaseTtlMs });
        const checkpoints = await bus.kv(relayBucket);
        if (stop.signal.aborted) return undefined;
        return holdLease(leases, {
          key: `relay.${agent}`,
          holderId: holder,
          ttlMs: takeOverAfterMs,
          onAcquired: (lease, signal) => relay(lease, checkpoints, signal),
          onError: (error) => log.debug({ agent_id: agent }, `the relay ended: ${toCaxtonError(error).message}`),
        });
      } catch (error) {
        log.debug({ agent_id: agent }, `the relay could not be claimed: ${toCaxtonError(error).message}`);
        await pause(openAgainMs, stop.signal);
      }
      if (stop.signal.aborted) return undefined;
    }
  }

  async function relay(lease: HeldLease, checkpoints: KvBucket, until: AbortSignal): Promise<void> {
    const pulse = new Pulse(takeOverAfterMs);
    try {
      const signal = AbortSignal.any([until, pulse.missed]);
      const mayPublish = (): boolean => pulse.regular() && !lease.signal.aborted;
      const context = { bus, log, agent, checkpoints, feed, mayPublish, spans };
      await relayUntil(context, signal, (now) => (running = now));
      // Who stood still lets another go on, and may be next again.
      await lease.release();
    } finally {
      running = undefined;
      pulse.stop();
    }
  }

  return {
    status: () => running?.states.map((state) => state.status(running?.lastOutcomeSequence ?? 0)),
    async close() {
      stop.abort();
      await (await opening)?.close();
    },
  };
}

/** Runs the outbox lane and one for every agent that is or was spoken to. */
async function relayUntil(context: LaneContext, signal: AbortSignal, report: (now: Running) => void): Promise<void> {
  const { bus, agent, checkpoints } = context;
  const outbox = new LaneState("outbox");
  const states = [outbox];
  const lanes = new Map<string, Promise<void>>();
  const start = (target: string): void => {
    if (lanes.has(target)) return;
    const state = new LaneState(target);
    states.push(state);
    lanes.set(target, runInboxLane(context, state, target, signal));
  };
  const look = async (): Promise<void> => {
    const info = await bus.streams.info(outcomeStream(agent)).catch(() => undefined);
    if (!signal.aborted && info !== undefined) report({ states, lastOutcomeSequence: info.lastSequence });
  };
  report({ states, lastOutcomeSequence: 0 });
  const looking = setInterval(() => void look(), lookEveryMs);
  try {
    const prefix = targetKey(agent, "");
    for (const key of await checkpoints.keys(`${prefix}*`)) start(key.slice(prefix.length));
    await runOutboxLane(
      context,
      outbox,
      async (target, at) => {
        if (lanes.has(target)) return;
        await register(context, target, at);
        start(target);
      },
      signal,
    );
    await Promise.all(lanes.values());
  } finally {
    clearInterval(looking);
  }
}

/** Before the outbox lane passes the first outcome that speaks to `target`, so that no later relay can miss it. */
async function register(
  { checkpoints, agent }: LaneContext,
  target: string,
  { outcomeEpochMs, outcomeSequence }: OutcomePlace,
): Promise<void> {
  const key = targetKey(agent, target);
  if ((await checkpoints.get(key)) !== undefined) return;
  await createCheckpoint(checkpoints, key, { outcomeEpochMs, outcomeSequence: outcomeSequence - 1 });
}
