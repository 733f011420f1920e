import { epochOf } from "@caxton/contracts/outcome";
import { inboxStream, outcomeStream, outcomeSubject } from "@caxton/contracts/subjects";
import { inboxBound, keptForMs } from "../core/trim-plan.ts";
import { arePressed, lastDue, type TrimContext } from "./trim-context.ts";

/** Takes messages out of an inbox that were decided long enough ago. @returns whether a step was made */
export async function trimInbox(
  { bus, log, agent, books, settings }: TrimContext,
  signal: AbortSignal,
): Promise<boolean> {
  const [info, outcomes] = [await bus.streams.info(inboxStream(agent)), await bus.streams.info(outcomeStream(agent))];
  if (info === undefined) return false;
  const epoch = epochOf(info.createdAtMs);
  const retentionMs = keptForMs(settings.inboxRetentionMs, arePressed([info, outcomes], settings), settings);
  const decidedBeforeMs = Date.now() - retentionMs;
  const bound = inboxBound(info, books().undecidedFrom(epoch), settings.stepMax);
  // Decided in the order they came, nearly: what is old enough ends somewhere.
  const to = await lastDue(info.firstSequence - 1, bound, async (sequence) => {
    const outcome = await bus.streams.last(outcomeStream(agent), outcomeSubject(agent, epoch, sequence));
    // Without an outcome though it is decided: that was trimmed, so it is old.
    return outcome === undefined || outcome.storedAtMs < decidedBeforeMs;
  });
  if (to < info.firstSequence || signal.aborted) return false;
  await bus.streams.purge(inboxStream(agent), { belowSequence: to + 1, epochMs: info.createdAtMs });
  log.debug({ agent_id: agent, from: info.firstSequence, to }, "inbox trimmed");
  return true;
}
