import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, utimes } from "node:fs/promises";
import { join } from "node:path";
import { declaredMemories } from "@caxton/wasm-agent/memory-limits";
import { prepareComponent } from "@caxton/wasm-agent/prepare";
import { closeToolchain } from "@caxton/wasm-agent/toolchain";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { buildFixture } from "../fixtures/build-fixture.ts";
import { fixtureBytes, mebibyte, sha256, temporaryFolder } from "./agent-harness.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let bytes: Uint8Array;

beforeAll(async () => {
  folder = await temporaryFolder();
  bytes = await fixtureBytes("echo");
});
afterAll(async () => {
  closeToolchain();
  await folder.remove();
});

const options = (cache: string, memoryMaxBytes = 32 * mebibyte) => ({
  bytes,
  digest: sha256(bytes),
  cacheDir: join(folder.path, cache),
  memoryMaxBytes,
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("preparing a component", () => {
  it("is done once per digest and memory limit, and found again from then on", async () => {
    const first = await prepareComponent(options("once"));
    const second = await prepareComponent(options("once"));
    expect([first.cached, second.cached]).toEqual([false, true]);
    expect(second.folder).toBe(first.folder);
    expect((await prepareComponent(options("once", 16 * mebibyte))).folder).not.toBe(first.folder);
  });

  it("limits every memory of every core module", async () => {
    const prepared = await prepareComponent(options("limits", 8 * mebibyte));
    const modules = (await readdir(prepared.folder)).filter((name) => name.endsWith(".wasm"));
    const contents = await Promise.all(modules.map((name) => readFile(join(prepared.folder, name))));
    const memories = contents.flatMap((content) => declaredMemories(content));
    expect(memories.length).toBeGreaterThan(0);
    for (const memory of memories) expect(memory.maximumBytes).toBeLessThanOrEqual(8 * mebibyte);
  });

  it("may be asked for by many at once", async () => {
    const prepared = await Promise.all(Array.from({ length: 4 }, () => prepareComponent(options("many"))));
    expect(new Set(prepared.map((one) => one.folder)).size).toBe(1);
    expect(await readdir(join(folder.path, "many"))).toHaveLength(1);
  });

  it("leaves nothing half done behind when its process is killed, and no process", async () => {
    const cacheDir = join(folder.path, "killed");
    await mkdir(cacheDir);
    const child = fork(new URL("./prepare-program.ts", import.meta.url), [await buildFixture("echo"), cacheDir], {
      execArgv: [],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const [toolPid] = (await once(child, "message")) as [number];
    expect(isRunning(toolPid)).toBe(true);
    child.kill("SIGKILL");
    await once(child, "exit");
    await vi.waitFor(() => expect(isRunning(toolPid)).toBe(false), { timeout: 3_000, interval: 10 });
    const left = await readdir(cacheDir);
    expect(left.filter((name) => !name.startsWith("."))).toEqual([]);
    const prepared = await prepareComponent(options("killed"));
    expect(prepared.cached).toBe(false);
    expect(await readdir(prepared.folder)).toContain("agent.js");
  });

  it("removes what was abandoned long ago", async () => {
    const abandoned = join(folder.path, "old", ".1-abandoned");
    await mkdir(abandoned, { recursive: true });
    await utimes(abandoned, 1, 1);
    await prepareComponent(options("old"));
    expect(await readdir(join(folder.path, "old"))).not.toContain(".1-abandoned");
  });
});
