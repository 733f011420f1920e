import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { dataLimit, memoryBound } from "./memory-group.ts";

const mebibyte = 1024 * 1024;
const run = promisify(execFile);
/** Fills 2 GB of memory for real, 10 MB at a time. */
const eat = "const all = []; for (let n = 1; n <= 200; n++) all.push(Buffer.alloc(10e6, 1));";

const strongest = await memoryBound(200 * mebibyte);
const limited = dataLimit(256 * mebibyte);

test.skipIf(strongest.isolation === "none")("a process that passes its bound is ended", async () => {
  const [command, ...args] = strongest.wrap([process.execPath, "-e", eat]);
  await expect(run(command, args)).rejects.toThrow("Command failed");
  // Only a group remembers that it was the kernel who ended it.
  expect(await strongest.outOfMemory()).toBe(strongest.isolation.startsWith("cgroup"));
  await strongest.remove();
});

test.skipIf(limited === undefined)(
  "where no group can be made, the data segment is limited, and node still starts",
  async () => {
    const wrap = (program: string) => limited?.wrap([process.execPath, "-e", program]) ?? (["false"] as const);
    const [start, ...startArgs] = wrap("console.log('started')");
    expect(await run(start, startArgs)).toMatchObject({ stdout: "started\n" });
    const [hog, ...hogArgs] = wrap(eat);
    await expect(run(hog, hogArgs)).rejects.toThrow("Command failed");
  },
);
