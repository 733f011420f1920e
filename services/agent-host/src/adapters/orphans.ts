import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { removeAbandonedGroups } from "./memory-group.ts";
import { processName } from "./process-name.ts";

/** In the environment of every instance: the name of the process that started it. */
export const hostVariable = "CAXTON_HOST_PROCESS";

const instanceProgram = "agent-host/src/instance/main.ts";
const goneMaxMs = 5_000;

/**
 * Ends instances whose host is gone. An instance goes with its host by itself; one that is stopped, or hangs, does not
 * hear of it, and nobody else knows of it any more. Then the memory groups go that hosts left behind which were killed.
 * @returns the pids of those that were ended
 */
export async function endOrphans(): Promise<readonly number[]> {
  const orphans = findOrphans().filter(ended);
  const deadlineMs = performance.now() + goneMaxMs;
  while (orphans.some(isOrphan) && performance.now() < deadlineMs) await delay(10);
  await removeAbandonedGroups();
  return orphans;
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
