import { setTimeout as delay } from "node:timers/promises";
import type { SlotStatus } from "@caxton/contracts/placement";
import type { EffectContext, EffectResult } from "./effect-context.ts";
import { slotsUntil } from "./slots.ts";

/** Waits until every process of the version has closed at `revision` and has nothing in flight, at most until the deadline. */
export async function drain(
  id: string,
  version: string,
  revision: number,
  deadlineAtMs: number,
  context: EffectContext,
): EffectResult {
  const { bus, agent, signal, now } = context;
  const finished = new AbortController();
  const either = AbortSignal.any([signal, finished.signal]);
  try {
    const forced = await Promise.race([
      slotsUntil(bus, agent, version, either, (slots) => slots.every((slot) => isDrained(slot, revision))).then(
        () => false,
      ),
      delay(Math.max(0, deadlineAtMs - now()), true, { signal: either }),
    ]);
    return { type: "version-drained", deployment: id, forced };
  } finally {
    finished.abort();
  }
}

/** Waits until no process of the version takes a request any more. */
export async function close(id: string, version: string, revision: number, context: EffectContext): EffectResult {
  const { bus, agent, signal } = context;
  await slotsUntil(bus, agent, version, signal, (slots) =>
    slots.every((slot) => isDrained(slot, revision) || (slot.state === "closed" && isClosedAt(slot, revision))),
  );
  return { type: "version-closed", deployment: id, revision };
}

function isClosedAt(slot: SlotStatus, revision: number): boolean {
  return (slot.closedAtRevision ?? 0) >= revision;
}

function isDrained(slot: SlotStatus, revision: number): boolean {
  if (slot.state === "failed") return true;
  return slot.state === "drained" && isClosedAt(slot, revision);
}
