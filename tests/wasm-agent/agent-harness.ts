import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prepareComponent } from "@caxton/wasm-agent/prepare";
import { type Runner, type RunnerOptions, startRunner } from "@caxton/wasm-agent/runner";
import { buildFixture } from "../fixtures/build-fixture.ts";

export const mebibyte = 1024 * 1024;

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** A folder of this test's own; `remove` when done. */
export async function temporaryFolder(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "caxton-wasm-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

export async function fixtureBytes(name: string): Promise<Uint8Array> {
  return readFile(await buildFixture(name));
}

export interface StartOptions extends Partial<RunnerOptions> {
  readonly memoryMaxBytes?: number;
  readonly contract?: boolean;
}

/** A runner on these bytes, its contract loaded unless told otherwise. */
export async function start(bytes: Uint8Array, cacheDir: string, options: StartOptions = {}): Promise<Runner> {
  const { memoryMaxBytes = 32 * mebibyte, contract = true, ...rest } = options;
  const { folder } = await prepareComponent({ bytes, digest: sha256(bytes), cacheDir, memoryMaxBytes });
  const runner = await startRunner({
    preparedDir: folder,
    configuration: "{}",
    messageTimeoutMs: 300,
    startTimeoutMs: 5_000,
    outputMaxBytes: 256 * 1024,
    ...rest,
  });
  if (contract) await runner.loadContract();
  return runner;
}
