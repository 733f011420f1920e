import { spawn } from "node:child_process";
import { once } from "node:events";
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
