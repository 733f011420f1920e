import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { removeAbandonedGroups } from "./memory-group.ts";
import { processName } from "./process-name.ts";

/** In the environment of every instance: the name of the process that started it. */
export const hostVariable = "CAXTON_HOST_PROCESS";

const instanceProgram = "agent-host/src/instance/main.ts";
/** Twice as long as an instance gives itself to answer what it has taken, once its host is gone. */
const graceMs = 3_000;
const goneMaxMs = 5_000;
const lookEveryMs = 50;

/**
 * Ends instances whose host is gone. An instance goes with its host by itself, after it has answered what it has; one that
 * is stopped, or hangs, does not hear of it, and nobody else knows of it any more. Then the memory groups go that hosts
 * left behind which were killed. @returns the pids of those that were ended
 */
export async function endOrphans(signal: AbortSignal): Promise<readonly number[]> {
  const left = await untilGone(findOrphans(), graceMs, signal);
  const orphans = signal.aborted ? [] : left.filter(ended);
  await untilGone(orphans, goneMaxMs, signal);
  await removeAbandonedGroups();
  return orphans;
}

/** @returns those that are still there when the time is over */
async function untilGone(pids: readonly number[], maxMs: number, signal: AbortSignal): Promise<readonly number[]> {
  const deadlineMs = performance.now() + maxMs;
  let left = pids;
  while (left.length > 0 && performance.now() < deadlineMs && !signal.aborted) {
    await delay(lookEveryMs);
    left = left.filter(isOrphan);
  }
  return left;
}

function findOrphans(): readonly number[] {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter(isOrphan);
  } catch {
    // Where there is no /proc nobody can tell.
    return [];
  }
}

function isOrphan(pid: number): boolean {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    if (!words.some((word) => word.endsWith(instanceProgram))) return false;
    // What counts processes on its own calls its hosts by names that mean others here.
    if (readlinkSync(`/proc/${pid}/ns/pid`) !== readlinkSync("/proc/self/ns/pid")) return false;
    const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    const host = environment.find((entry) => entry.startsWith(`${hostVariable}=`))?.slice(hostVariable.length + 1);
    return host !== undefined && processName(Number(host.split("-")[0])) !== host;
  } catch {
    // Gone meanwhile, or somebody else's.
    return false;
  }
}

function ended(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch {
    return false;
  }
}
