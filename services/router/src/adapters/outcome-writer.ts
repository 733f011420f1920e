import type { Bus } from "@caxton/bus/types";
import { hasCode, toCaxtonError } from "@caxton/contracts/errors";
import { outcomeSubject } from "@caxton/contracts/subjects";
import type { Logger } from "@caxton/telemetry/logger";
import { nextDelayMs } from "../core/backoff.ts";
import { outcomeRecord } from "../core/outcome-record.ts";
import type { Decision } from "../core/judgement.ts";
import type { OutcomeFeed } from "../relay/outcome-feed.ts";
import type { Held } from "./held.ts";
import { pause } from "./signal.ts";

type Final = Exclude<Decision, { kind: "again" }>;

const retryDelays = { minMs: 25, maxMs: 1_000 };

/**
 * Stores what became of a message as the first record of its subject, and tells `feed`. The first stored wins: where another was there
 * before, this message is decided too.
 * @returns false if `signal` aborted before the store was decided; then the message must not be acknowledged
 */
export async function storeOutcome(
  bus: Bus,
  log: Logger,
  held: Held,
  final: Final,
  feed: OutcomeFeed,
  signal: AbortSignal,
): Promise<boolean> {
  const { agent, epoch, sequence } = held.inbound;
  const { outcome, data } = outcomeRecord(held.inbound, held.attempts, final, Date.now());
  const subject = outcomeSubject(agent, epoch, sequence);
  let delayMs = 0;
  while (!signal.aborted) {
    try {
      const stored = await bus.store(subject, data, { expectLastSubjectSequence: 0 });
      feed.stored(stored.sequence, outcome, data.length);
      return true;
    } catch (error) {
      if (hasCode(error, "wrong-sequence")) return true;
      feed.interrupted();
      const { code, message } = toCaxtonError(error);
      // One line when it begins; while the bus is away every message is in this loop.
      if (delayMs === 0) log.debug({ agent_id: agent, sequence, code }, `outcome not stored yet: ${message}`);
      delayMs = nextDelayMs(delayMs, retryDelays);
      await pause(delayMs, signal);
    }
  }
  return false;
}
