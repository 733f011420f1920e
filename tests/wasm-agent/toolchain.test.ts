import { readdir, readFile } from "node:fs/promises";
import process from "node:process";
import { closeToolchain, keepToolchainReady, runTool } from "@caxton/wasm-agent/toolchain";
import { afterEach, expect, test } from "vitest";
import { fixtureBytes } from "./agent-harness.ts";

const bounds = { timeoutMs: 30_000, maxResidentBytes: 2 ** 31 };
const polling = { timeout: 10_000, interval: 20 };

/** The processes that this one started and that are toolchains. */
async function toolchains(): Promise<readonly number[]> {
  const pids = (await readdir("/proc")).map(Number).filter((pid) => pid > 0);
  const found = await Promise.all(pids.map(async (pid) => ((await isToolchain(pid)) ? [pid] : [])));
  return found.flat();
}

async function isToolchain(pid: number): Promise<boolean> {
  const [command, status] = await Promise.all(
    ["cmdline", "status"].map((file) => readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "")),
  );
  return /toolchain-main/.test(command ?? "") && new RegExp(`^PPid:\\t${process.pid}$`, "m").test(status ?? "");
}

afterEach(closeToolchain);

test("one that is kept ready does the work, is replaced when it fails at it, and ends with the rest", async () => {
  keepToolchainReady();
  keepToolchainReady();
  await expect.poll(toolchains, polling).toHaveLength(1);
  const [kept] = await toolchains();
  const findings = await runTool({ tool: "inspect", bytes: await fixtureBytes("echo") }, bounds);
  expect(findings?.wit).toContain("export handle");
  expect(await toolchains()).toEqual([kept]);

  const broken = runTool({ tool: "inspect", bytes: Uint8Array.of(0, 97, 115, 109, 13, 0, 1, 0, 99) }, bounds);
  await expect(broken).rejects.toMatchObject({ code: "malformed-component" });
  await expect.poll(async () => (await toolchains()).filter((pid) => pid !== kept), polling).toHaveLength(1);
  await expect.poll(toolchains, polling).not.toContain(kept);

  // Also one that is not ready yet.
  closeToolchain();
  await expect.poll(toolchains, polling).toEqual([]);
});

test("one process does a dozen jobs one after another and gathers no listeners", async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on("warning", onWarning);
  for (let job = 0; job < 12; job += 1) await runTool({ tool: "warm-up" }, bounds);
  expect(await toolchains()).toHaveLength(1);
  process.off("warning", onWarning);
  expect(warnings).toEqual([]);
});
