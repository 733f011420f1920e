import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { idleComponents, removeComponents, touch } from "./sweep-cache.ts";

const nowMs = Date.now();
const retentionMs = 60_000;
const digestOf = (letter: string): string => letter.repeat(64);
let cacheDir: string;

beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), "caxton-sweep-"));
});
afterEach(() => rm(cacheDir, { recursive: true }));

async function prepared(name: string, usedAgoMs: number): Promise<void> {
  await mkdir(join(cacheDir, name));
  await writeFile(join(cacheDir, name, "package.json"), "{}");
  await touch(join(cacheDir, name), nowMs - usedAgoMs);
}

const idle = (inUse: readonly string[], folder = cacheDir) =>
  idleComponents({ cacheDir: folder, inUse: new Set(inUse), retentionMs, nowMs });
const sweep = async (inUse: readonly string[]) => removeComponents(cacheDir, await idle(inUse));

test("what nobody used for long goes; what is in use, young or none of ours stays", async () => {
  const [old, used, young] = [digestOf("a"), digestOf("b"), digestOf("c")];
  for (const name of [`${old}-1024-jco`, `${old}-2048-jco`, `${used}-1024-jco`]) await prepared(name, 61_000);
  await prepared(`${young}-1024-jco`, 59_000);
  await prepared("node", 900_000);
  await writeFile(join(cacheDir, `${old}-facts-jco.json`), "{}");
  await touch(join(cacheDir, `${old}-facts-jco.json`), nowMs - 61_000);

  expect(await idle([used])).toMatchObject([{ digest: old, sizeBytes: 6 }]);
  const removed = await sweep([used]);
  expect(removed.toSorted()).toEqual([`${old}-1024-jco`, `${old}-2048-jco`, `${old}-facts-jco.json`]);
  expect((await readdir(cacheDir)).toSorted()).toEqual([`${used}-1024-jco`, `${young}-1024-jco`, "node"]);
  expect(await sweep([])).toEqual([]);
});

test("what was in use is kept for the whole time after it was used last", async () => {
  const name = `${digestOf("a")}-1024-jco`;
  await prepared(name, 900_000);
  await sweep([digestOf("a")]);
  expect(Math.abs((await stat(join(cacheDir, name))).mtimeMs - nowMs)).toBeLessThan(2_000);
  expect(await sweep([])).toEqual([]);
});

test("two who sweep at once remove each thing once, and a folder that is not there is empty", async () => {
  for (let index = 0; index < 20; index += 1) await prepared(`${digestOf("a")}-${index}-jco`, 61_000);
  const removed = await Promise.all([sweep([]), sweep([])]);
  expect(removed.flat()).toHaveLength(20);
  expect(await readdir(cacheDir)).toEqual([]);
  expect(await idle([], join(cacheDir, "none"))).toEqual([]);
});

test("of a component that is used with one memory limit nothing goes", async () => {
  await prepared(`${digestOf("a")}-1024-jco`, 61_000);
  await prepared(`${digestOf("a")}-2048-jco`, 1_000);
  expect(await idle([])).toEqual([]);
});
