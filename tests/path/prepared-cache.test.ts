import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { startHotPath } from "../harness/hot-path.ts";

const version = "echo-v1-aaaaa";
const patience = { timeout: 15_000, interval: 100 };

test("a host keeps the component of a version that runs, and lets go of others once that is on record", async () => {
  await using path = await startHotPath();
  const cacheDir = await mkdtemp(join(tmpdir(), "caxton-cache-"));
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => rm(cacheDir, { recursive: true, force: true }));
  const orphan = `${"a".repeat(64)}-1024-jco`;
  await mkdir(join(cacheDir, orphan));
  const host = await path.start("agent-host", { CAXTON_CACHE_DIR: cacheDir, CAXTON_CACHE_RETENTION_MS: "1000" });
  cleanUp.defer(() => host.kill("SIGTERM"));
  const prepared = async (): Promise<string[]> =>
    (await readdir(cacheDir)).filter((name) => /^[0-9a-f]{64}-/.test(name) && name !== orphan);

  await path.deploy("echo", version, "echo");
  const [running] = await prepared();
  expect(running).toBeDefined();
  // Who puts it on record is not there yet: it asks again and again, and nothing goes.
  await delay(2_500);
  expect(await readdir(cacheDir)).toContain(orphan);
  await path.start("orchestrator");
  await expect.poll(() => readdir(cacheDir), patience).not.toContain(orphan);
  expect(await prepared()).toEqual([running]);

  await path.specify("echo", version, "echo", { desired: "stopped" });
  await path.slot("echo", version, (status) => status === undefined);
  await expect.poll(prepared, patience).toEqual([]);
});
