import { readdirSync } from "node:fs";
import { setPriority } from "node:os";

/** What whoever waits for nothing should not take from those that somebody waits for: the lowest there is. */
const lowest = 19;

/**
 * Gives a process what nobody else wants of the processor. On Linux that is a matter of each thread, and threads made later
 * have what the one has that makes them; elsewhere of the process. Where it may not be changed, it stays as it is.
 */
export function lowerPriority(pid: number): void {
  for (const thread of threadsOf(pid)) {
    try {
      setPriority(thread, lowest);
    } catch {
      // Ended in the meantime, or not ours to change.
      continue;
    }
  }
}

function threadsOf(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [pid];
  }
}
