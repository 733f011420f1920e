import { claimLease } from "@caxton/bus/lease";
import type { Bus } from "@caxton/bus/types";
import { toCaxtonError } from "@caxton/contracts/errors";
import { inboxStream, leaseBucket, relayBucket } from "@caxton/contracts/subjects";
import type { Logger } from "@caxton/telemetry/logger";
import { pause } from "../adapters/signal.ts";
import { readCheckpoint, targetKey, writeCheckpoint } from "./checkpoint.ts";
import { runInboxLane } from "./inbox-lane.ts";
import type { OutcomePlace } from "./core/position.ts";
import type { LaneContext } from "./lane.ts";
import type { OutcomeFeed } from "./outcome-feed.ts";
import { runOutboxLane } from "./outbox-lane.ts";
import { Pulse } from "./pulse.ts";

export interface RelayOptions {
  readonly bus: Bus;
  readonly log: Logger;
  /** Unique to this process. */
  readonly holder: string;
  readonly agent: string;
  /** What this process stores of the agent's outcomes. */
  readonly feed: OutcomeFeed;
}

export interface Relay {
  close(): Promise<void>;
}

export const leaseTtlMs = 1_500;
const claimEveryMs = 500;

/** Carries an agent's outputs on, as long as no other process does (DESIGN: one relay an agent; its writes guard themselves). */
export function startRelay(options: RelayOptions): Relay {
  const { log, agent } = options;
  const stop = new AbortController();
  const ended = run();

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        await tryOnce(options, stop.signal);
      } catch (error) {
        const { code, message } = toCaxtonError(error);
        log.debug({ agent_id: agent, code }, `the relay could not be claimed: ${message}`);
      }
      await pause(claimEveryMs, stop.signal);
    }
  }
  return {
    async close() {
      stop.abort();
      await ended;
    },
  };
}

async function tryOnce({ bus, log, holder, agent, feed }: RelayOptions, stop: AbortSignal): Promise<void> {
  const leases = await bus.kv(leaseBucket, { ttlMs: leaseTtlMs });
  const lease = await claimLease(leases, { key: `relay.${agent}`, holderId: holder, ttlMs: leaseTtlMs });
  if (lease === undefined) return;
  const pulse = new Pulse(leaseTtlMs);
  try {
    const checkpoints = await bus.kv(relayBucket);
    const signal = AbortSignal.any([stop, lease.signal, pulse.missed]);
    const mayPublish = (): boolean => pulse.regular() && !lease.signal.aborted;
    await relayUntil({ bus, log, agent, checkpoints, feed, mayPublish }, signal);
  } finally {
    pulse.stop();
    await lease.release();
  }
}

/** Runs the outbox lane and one for every agent that is or was spoken to. */
async function relayUntil(context: LaneContext, signal: AbortSignal): Promise<void> {
  const { agent, checkpoints } = context;
  const lanes = new Map<string, Promise<void>>();
  const start = (target: string): void => {
    if (!lanes.has(target)) lanes.set(target, runInboxLane(context, target, signal));
  };
  const prefix = targetKey(agent, "");
  for (const key of await checkpoints.keys(`${prefix}*`)) start(key.slice(prefix.length));
  await runOutboxLane(
    context,
    async (target, at) => {
      if (lanes.has(target)) return;
      await register(context, target, at);
      start(target);
    },
    signal,
  );
  await Promise.all(lanes.values());
}

/** Before the outbox lane passes the first outcome that speaks to `target`, so that no later relay can miss it. */
async function register(
  { bus, checkpoints, agent }: LaneContext,
  target: string,
  { outcomeEpochMs, outcomeSequence }: OutcomePlace,
): Promise<void> {
  const key = targetKey(agent, target);
  if ((await readCheckpoint(checkpoints, key)) !== undefined) return;
  const info = await bus.streams.info(inboxStream(target));
  await writeCheckpoint(checkpoints, key, {
    outcomeEpochMs,
    outcomeSequence: outcomeSequence - 1,
    targetSequence: info?.lastSequence ?? 0,
  });
}
