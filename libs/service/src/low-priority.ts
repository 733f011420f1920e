import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { constants, getPriority, setPriority } from "node:os";
import process from "node:process";

/** What whoever waits for nothing should not take from those that somebody waits for: the lowest there is. */
const lowest = constants.priority.PRIORITY_LOW;
const normal = constants.priority.PRIORITY_NORMAL;
/** Threads made by others that were still low while these were raised are found in the next pass. */
const passesMax = 5;

/**
 * Gives a process for good what nobody else wants of the processor. On Linux that is a matter of each thread, and threads made later
 * have what the one has that makes them; elsewhere of the process. Where it may not be changed, it stays as it is.
 */
export function lowerPriority(pid: number): void {
  lower(pid);
  if (process.platform === "linux") leaveAtOnce(pid);
}

/**
 * SCHED_IDLE (sched(7)): whoever else becomes ready has the processor at once, and does not wait for the end of a turn as beside one that is
 * only nice. Node cannot ask for it; where util-linux is not installed, nice has to do.
 */
function leaveAtOnce(pid: number): void {
  const chrt = spawn("chrt", ["--all-tasks", "--idle", "--pid", "0", String(pid)], { stdio: "ignore" });
  chrt.once("error", () => undefined).unref();
}

function lower(pid: number): void {
  for (const thread of threadsOf(pid)) trySetPriority(thread, lowest);
}

let mayRaise: boolean | undefined;

/** The lowest priority until `restorePriority`; nothing where that would be refused, as to an ordinary user (CAP_SYS_NICE). */
export function lowerPriorityForNow(pid: number): void {
  mayRaise ??= trySetPriority(pid, normal + 1) && trySetPriority(pid, normal);
  if (mayRaise) lower(pid);
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
