import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { getPriority } from "node:os";
import process from "node:process";
import { lowerPriorityForNow, restorePriority } from "./low-priority.ts";
import { expect, it } from "vitest";

const isLinux = process.platform === "linux";

function priorities(pid: number): ReadonlySet<number> {
  return new Set(readdirSync(`/proc/${pid}/task`).map((thread) => getPriority(Number(thread))));
}

it.skipIf(!isLinux || process.geteuid?.() !== 0)(
  "a process that is started ahead has the lowest priority in all its threads, and an ordinary one in all when it is taken",
  async () => {
    const child = spawn(process.execPath, ["-e", "console.log('up'); setInterval(() => 0, 1_000)"]);
    const pid = child.pid ?? -1;
    try {
      lowerPriorityForNow(pid);
      await once(child.stdout, "data");
      expect(priorities(pid)).toEqual(new Set([19]));
      restorePriority(pid);
      expect(priorities(pid)).toEqual(new Set([0]));
      expect(readdirSync(`/proc/${pid}/task`).length).toBeGreaterThan(1);
    } finally {
      child.kill("SIGKILL");
    }
  },
);
