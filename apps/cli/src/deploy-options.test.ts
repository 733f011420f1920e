import { describe, expect, it } from "vitest";
import { agentNameOf, parseLimits, readConfiguration } from "./deploy-options.ts";

describe("the agent that a file is named after", () => {
  it.each([
    ["quake-watch.wasm", "quake-watch"],
    ["build/quake-watch-v2.wasm", "quake-watch"],
    ["quake-watch.v12.wasm", "quake-watch"],
    ["v2.wasm", "v2"],
    ["quake-v2-final.wasm", "quake-v2-final"],
    ["processor", "processor"],
  ])("%s is %s", (file, expected) => {
    expect(agentNameOf(file)).toBe(expected);
  });
});

describe("limits", () => {
  it("are added up, the last of a name counts", () => {
    expect(parseLimits("memory=1MiB, p99=10ms", parseLimits("memory=2MiB,timeout=1s"))).toEqual({
      memoryMaxBytes: 1_048_576,
      p99MaxMs: 10,
      messageTimeoutMs: 1_000,
    });
  });

  it.each(["memory", "memory=", "constructor=1", "", "memory=1MiB,"])("'%s' is none", (text) => {
    expect(() => parseLimits(text)).toThrow("is no limit; write them as memory=64MiB");
  });
});

describe("the configuration", () => {
  it("may be JSON as it stands", async () => {
    expect(await readConfiguration(' {"threshold": 4}')).toBe(' {"threshold": 4}');
  });

  it("says what is wrong with JSON, and which file is missing", async () => {
    await expect(readConfiguration('{"a"')).rejects.toThrow("the configuration is not JSON");
    await expect(readConfiguration("nowhere.json")).rejects.toThrow(
      "configuration 'nowhere.json' is neither JSON nor a file",
    );
  });
});
