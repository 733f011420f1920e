import { hasCode } from "@caxton/contracts/errors";
import { inspectComponent } from "@caxton/wasm-agent/inspect";
import { closeToolchain } from "@caxton/wasm-agent/toolchain";
import { afterAll, describe, expect, it } from "vitest";
import { coreModule, emptyComponent, otherWorld, tinyAgent } from "../fixtures/wat-components.ts";
import { fixtureBytes, mebibyte, sha256, temporaryFolder } from "./agent-harness.ts";

const bounds = { maxBytes: 8 * mebibyte, memoryMaxBytes: 32 * mebibyte };
const text = (words: string) => new TextEncoder().encode(words);

afterAll(closeToolchain);

async function refusal(bytes: Uint8Array, options = bounds): Promise<{ code: string; message: string }> {
  try {
    await inspectComponent(bytes, options);
  } catch (error) {
    if (hasCode(error, "internal")) throw error;
    if (error instanceof Error && "code" in error) return { code: String(error.code), message: error.message };
    throw error;
  }
  return { code: "accepted", message: "" };
}

describe("inspecting a file", () => {
  it("tells what an agent imports, exports and starts with", async () => {
    const found = await inspectComponent(await fixtureBytes("echo"), bounds);
    expect(found.world).toBe("agent");
    expect(found.exports).toEqual(expect.arrayContaining(["describe", "handle"]));
    expect(found.imports).toContain("wasi:io/streams@0.2.12");
    expect(found.memoryInitialBytes).toBeGreaterThan(mebibyte);
  });

  it.each([
    ["an empty file", new Uint8Array(), "artifact-empty", "empty"],
    ["text", text("#!/bin/sh\necho hello"), "not-wasm", "#!/bin/sh"],
    ["a few bytes of wasm", Uint8Array.of(0, 0x61, 0x73, 0x6d), "not-wasm", "0061736d"],
  ])("refuses %s", async (_, bytes, code, says) => {
    const refused = await refusal(bytes);
    expect(refused.code).toBe(code);
    expect(refused.message).toContain(says);
  });

  it("refuses a core module and says how to make a component", async () => {
    expect(await refusal(await coreModule())).toMatchObject({
      code: "core-module",
      message: expect.stringContaining("component new"),
    });
  });

  it("refuses components of no world and of another world, naming what is missing", async () => {
    expect(await refusal(await emptyComponent())).toMatchObject({
      code: "wrong-world",
      message: expect.stringContaining("does not export 'describe', and does not export 'handle'"),
    });
    expect((await refusal(await otherWorld())).code).toBe("wrong-world");
  });

  it("refuses an import that is not granted, naming it and what is granted", async () => {
    const sockets = await tinyAgent("{}", {
      extraImport: {
        wit: "world curious { include agent; import wasi:sockets/network@0.2.0; } package wasi:sockets@0.2.0 { interface network { open: func(); } }",
        core: '(import "wasi:sockets/network@0.2.0" "open" (func))',
      },
    });
    const refused = await refusal(sockets);
    expect(refused.code).toBe("import-not-granted");
    expect(refused.message).toContain("imports wasi:sockets/network@0.2.0;");
    expect(refused.message).toContain("caxton:agent/log");
  });

  it("refuses what begins as a component and is none, cut short or garbled", async () => {
    const whole = await fixtureBytes("echo");
    expect((await refusal(whole.subarray(0, whole.length / 2))).code).toBe("malformed-component");
    const garbled = whole.slice();
    garbled.fill(0xff, 2_000, 4_000);
    expect((await refusal(garbled)).code).toBe("malformed-component");
  });

  it("refuses memory above the limit, before anything is run", async () => {
    const greedy = await tinyAgent("{}", { memoryPages: 1_000 });
    expect(await refusal(greedy)).toMatchObject({
      code: "memory-over-limit",
      message: expect.stringContaining("65536000"),
    });
  });

  it("refuses 200 MB by size alone", async () => {
    const huge = new Uint8Array(200 * mebibyte);
    const startedMs = performance.now();
    expect((await refusal(huge)).code).toBe("artifact-too-large");
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });

  it("reads a component once where it may remember, and judges it anew each time", async () => {
    const folder = await temporaryFolder();
    try {
      const bytes = await fixtureBytes("echo");
      const cache = { cacheDir: folder.path, digest: sha256(bytes) };
      const first = await inspectComponent(bytes, { ...bounds, cache });
      // What was remembered is under its digest: these bytes are not read.
      const unreadable = Uint8Array.from(bytes).fill(0, 8);
      expect(await inspectComponent(unreadable, { ...bounds, cache })).toEqual(first);
      await expect(inspectComponent(bytes, { ...bounds, cache, memoryMaxBytes: 65_536 })).rejects.toMatchObject({
        code: "memory-over-limit",
      });
    } finally {
      await folder.remove();
    }
  });

  it("gives up when its time is over, and works again afterwards", async () => {
    const bytes = await fixtureBytes("echo");
    await expect(inspectComponent(bytes, { ...bounds, timeoutMs: 1 })).rejects.toMatchObject({
      code: "validation-timeout",
    });
    await expect(inspectComponent(bytes, bounds)).resolves.toMatchObject({ kind: "component" });
  });
});
