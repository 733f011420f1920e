import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { getPriority } from "node:os";
import process from "node:process";
import { expect, it } from "vitest";
import { lowerPriority, lowerPriorityForNow, restorePriority } from "./low-priority.ts";

const isLinux = process.platform === "linux";
const hasChrt = spawnSync("chrt", ["--version"]).status === 0;
const schedIdle = 5;

const threadsOf = (pid: number): readonly number[] => readdirSync(`/proc/${pid}/task`).map(Number);
const priorities = (pid: number): ReadonlySet<number> => new Set(threadsOf(pid).map((thread) => getPriority(thread)));

/** The 41st field of `stat`, proc(5). */
function policies(pid: number): ReadonlySet<number> {
  const stats = threadsOf(pid).map((thread) => readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8"));
  return new Set(stats.map((stat) => Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[38])));
}

function startSleeper(): { child: ChildProcess; pid: number; up: Promise<unknown> } {
  const child = spawn(process.execPath, ["-e", "console.log('up'); setInterval(() => 0, 1_000)"]);
  return { child, pid: child.pid ?? -1, up: once(child.stdout, "data") };
}

it.skipIf(!isLinux || process.geteuid?.() !== 0)(
  "a process that is started ahead has the lowest priority in all its threads, and an ordinary one in all when it is taken",
  async () => {
    const { child, pid, up } = startSleeper();
    try {
      lowerPriorityForNow(pid);
      await up;
      expect(priorities(pid)).toEqual(new Set([19]));
      restorePriority(pid);
      expect(priorities(pid)).toEqual(new Set([0]));
      expect(threadsOf(pid).length).toBeGreaterThan(1);
    } finally {
      child.kill("SIGKILL");
    }
  },
);

it.skipIf(!isLinux || !hasChrt)(
  "what nobody waits for leaves the processor at once, with all its threads",
  async () => {
    const { child, pid, up } = startSleeper();
    try {
      await up;
      lowerPriority(pid);
      await expect.poll(() => policies(pid), { timeout: 8_000 }).toEqual(new Set([schedIdle]));
      expect(priorities(pid)).toEqual(new Set([19]));
    } finally {
      child.kill("SIGKILL");
    }
  },
);
