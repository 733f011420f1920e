import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { dataLimit, memoryBound } from "./memory-group.ts";

const mebibyte = 1024 * 1024;
const run = promisify(execFile);
/** Fills memory for real, 10 MB at a time, and says how far it came. */
const eat =
  "const all = []; for (let n = 1; n <= 200; n++) { all.push(Buffer.alloc(10e6, 1)); } console.log('ate it all');";

test("a process that passes its bound is ended, and the bound is removed", async () => {
  const bound = await memoryBound(200 * mebibyte);
  const [command, ...args] = bound.wrap([process.execPath, "-e", eat]);
  if (bound.isolation === "none") {
    expect(await run(command, args)).toMatchObject({ stdout: "ate it all\n" });
    return;
  }
  await expect(run(command, args)).rejects.toThrow();
  if (bound.isolation !== "data-limit") expect(await bound.outOfMemory()).toBe(true);
  await bound.remove();
});

test("where no group can be made, the data segment is limited, and node still starts in it", async () => {
  const bound = dataLimit(256 * mebibyte);
  if (bound === undefined) {
    expect(process.platform).not.toBe("linux");
    return;
  }
  const [start, ...startArgs] = bound.wrap([process.execPath, "-e", "console.log('started')"]);
  expect(await run(start, startArgs)).toMatchObject({ stdout: "started\n" });
  const [hog, ...hogArgs] = bound.wrap([process.execPath, "-e", eat]);
  await expect(run(hog, hogArgs)).rejects.toThrow();
});
