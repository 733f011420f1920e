import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dataLimit, memoryBound, type MemoryBound } from "./memory-group.ts";

const mebibyte = 1024 * 1024;
/** Says that it runs, waits for a word, then fills 2 GB of memory for real, 10 MB at a time. */
const eat = `process.send("started");
process.once("message", () => { const all = []; for (let n = 1; n <= 200; n++) all.push(Buffer.alloc(10e6, 1)); });`;

/** How a running process ends that is put inside and then eats; null is a process that was killed. */
async function endInside(bound: MemoryBound): Promise<number | null> {
  const child = spawn(process.execPath, ["-e", eat], { stdio: ["ignore", "ignore", "ignore", "ipc"] });
  await once(child, "message");
  await bound.hold(child.pid ?? -1);
  child.send("eat");
  await once(child, "exit");
  return child.exitCode;
}

const strongest = await memoryBound(200 * mebibyte);
const limited = dataLimit(256 * mebibyte);

test.skipIf(strongest.isolation === "none")("a process that passes its bound is ended", async () => {
  expect(await endInside(strongest)).not.toBe(0);
  // Only a group remembers that it was the kernel who ended it.
  expect(await strongest.outOfMemory()).toBe(strongest.isolation.startsWith("cgroup"));
  await strongest.remove();
});

test.skipIf(limited === undefined)("where no group can be made, the data segment is limited", async () => {
  expect(limited === undefined ? 0 : await endInside(limited)).not.toBe(0);
});

const groups = "/sys/fs/cgroup/memory/caxton";

test.skipIf(strongest.isolation !== "cgroup-v1")(
  "what a killed host of the same pid left behind is removed and hinders nothing",
  async () => {
    const left = join(groups, `${process.pid}-2`);
    await mkdir(left, { recursive: true });
    const first = await memoryBound(200 * mebibyte);
    const second = await memoryBound(200 * mebibyte);
    expect([first.isolation, second.isolation]).toEqual(["cgroup-v1", "cgroup-v1"]);
    expect(existsSync(left)).toBe(false);
    await Promise.all([first.remove(), second.remove()]);
    expect((await readdir(groups)).filter((name) => name.startsWith(`${process.pid}-`))).toEqual([]);
  },
);
