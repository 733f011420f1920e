import { readdirSync } from "node:fs";
import { constants, getPriority, setPriority } from "node:os";

/** What whoever waits for nothing should not take from those that somebody waits for: the lowest there is. */
const lowest = constants.priority.PRIORITY_LOW;
const normal = constants.priority.PRIORITY_NORMAL;
/** Threads made by others that were still low while these were raised are found in the next pass. */
const passesMax = 5;

/**
 * Gives a process what nobody else wants of the processor. On Linux that is a matter of each thread, and threads made later
 * have what the one has that makes them; elsewhere of the process. Where it may not be changed, it stays as it is.
 */
export function lowerPriority(pid: number): void {
  for (const thread of threadsOf(pid)) trySetPriority(thread, lowest);
}

let mayRaise: boolean | undefined;

/** The same until `restorePriority`; nothing where that would be refused, for which an ordinary user's word is enough (CAP_SYS_NICE). */
export function lowerPriorityForNow(pid: number): void {
  mayRaise ??= trySetPriority(pid, normal + 1) && trySetPriority(pid, normal);
  if (mayRaise) lowerPriority(pid);
}

/** Takes back what `lowerPriorityForNow` did. */
export function restorePriority(pid: number): void {
  if (mayRaise !== true) return;
  for (let pass = 0; pass < passesMax; pass += 1) {
    const low = threadsOf(pid).filter((thread) => priorityOf(thread) > normal);
    if (low.length === 0) return;
    for (const thread of low) trySetPriority(thread, normal);
  }
}

/** @returns false where it ended in the meantime, or is not ours to change */
function trySetPriority(thread: number, priority: number): boolean {
  try {
    setPriority(thread, priority);
    return true;
  } catch {
    return false;
  }
}

function priorityOf(thread: number): number {
  try {
    return getPriority(thread);
  } catch {
    return normal;
  }
}

function threadsOf(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [pid];
  }
}
