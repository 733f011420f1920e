import type { Bus } from "@caxton/bus/types";
import { outboxStream } from "@caxton/contracts/subjects";
import { outboxBound, outboxExcess } from "../core/trim-plan.ts";
import { lastDue, roomOf, type TrimContext } from "./trim-context.ts";

/** Shortens an outbox from its beginning; its last message stays. @returns whether a step was made */
export async function trimOutbox({ bus, log, agent, settings }: TrimContext, signal: AbortSignal): Promise<boolean> {
  const name = outboxStream(agent);
  const info = await bus.streams.info(name);
  if (info === undefined || info.messages < 2) return false;
  const storedBeforeMs = Date.now() - settings.outboxRetentionMs;
  const bound = outboxBound(info, await outboxReadTo(bus, agent), settings.stepMax);
  const excess = info.firstSequence - 1 + outboxExcess(roomOf(info), settings);
  const from = Math.max(info.firstSequence - 1, Math.min(bound, excess));
  const to = await lastDue(from, bound, async (sequence) => {
    const message = await bus.streams.get(name, sequence);
    return message === undefined || message.storedAtMs < storedBeforeMs;
  });
  if (to < info.firstSequence || signal.aborted) return false;
  await bus.streams.purge(name, { belowSequence: to + 1, epochMs: info.createdAtMs });
  log.debug({ agent_id: agent, from: info.firstSequence, to }, "outbox trimmed");
  return true;
}

/** How far the durable consumers of others have come in an outbox, all of them. */
async function outboxReadTo(bus: Bus, agent: string): Promise<number> {
  const durable = (await bus.streams.consumers(outboxStream(agent))).filter((consumer) => consumer.durable);
  return Math.min(...durable.map(({ ackFloor }) => ackFloor));
}
