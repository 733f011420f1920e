import { readlinkSync } from "node:fs";
import { constants, setPriority } from "node:os";
import process from "node:process";

/** A tenth of a processor that others want as well, and all of one that nobody wants (sched(7)). */
const niceness = 10;

/** What Linux calls the thread that asks; 0 elsewhere, where priority is a matter of whole processes. */
export function ownThreadId(): number {
  if (process.platform !== "linux") return 0;
  try {
    return Number(readlinkSync("/proc/thread-self").split("/").at(-1));
  } catch {
    // A sandbox may not look.
    return 0;
  }
}

/** From now on the thread leaves the processor to others who want it. @returns whether it does */
export function yieldProcessor(threadId: number): boolean {
  return set(threadId, niceness);
}

/** @returns whether it competes as others do again, which needs more than an ordinary user may (CAP_SYS_NICE) */
export function competeAgain(threadId: number): boolean {
  return set(threadId, constants.priority.PRIORITY_NORMAL);
}

function set(threadId: number, priority: number): boolean {
  if (threadId === 0) return false;
  try {
    setPriority(threadId, priority);
    return true;
  } catch {
    // It ended in the meantime, or may not be changed.
    return false;
  }
}
