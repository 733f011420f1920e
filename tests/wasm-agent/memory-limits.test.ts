import { capMemories, declaredMemories, pageBytes } from "@caxton/wasm-agent/memory-limits";
import { encodeNumber, reader } from "@caxton/wasm-agent/wasm-binary";
import { describe, expect, it } from "vitest";
import { moduleWithMemories } from "../fixtures/wat-components.ts";

describe("limiting memories", () => {
  it.each([
    ["(memory 1)", 4, [{ minimumBytes: pageBytes, maximumBytes: 4 * pageBytes }]],
    ["(memory 1 2)", 4, [{ minimumBytes: pageBytes, maximumBytes: 2 * pageBytes }]],
    ["(memory 1 60000)", 300, [{ minimumBytes: pageBytes, maximumBytes: 300 * pageBytes }]],
    [
      "(memory 0) (memory 3)",
      3.9,
      [
        { minimumBytes: 0, maximumBytes: 3 * pageBytes },
        { minimumBytes: 3 * pageBytes, maximumBytes: 3 * pageBytes },
      ],
    ],
    ["", 4, []],
  ])("of '%s' to %d pages", async (memories, pages, expected) => {
    const capped = capMemories(await moduleWithMemories(memories), pages * pageBytes);
    expect(declaredMemories(capped)).toEqual(expected);
  });

  it("leaves a module that still runs", async () => {
    const capped = capMemories(await moduleWithMemories("(memory 1)"), 2 * pageBytes);
    const instance = new WebAssembly.Instance(await WebAssembly.compile(capped), {});
    const { f } = instance.exports;
    expect(f).toBeTypeOf("function");
    expect(Reflect.apply(f as () => number, undefined, [])).toBe(7);
  });

  it("is refused where a memory starts above the limit", async () => {
    const big = await moduleWithMemories("(memory 5)");
    expect(() => capMemories(big, 4 * pageBytes)).toThrow("starts with 5 pages, the limit is 4");
  });
});

describe("numbers in LEB128", () => {
  it.each([0, 1, 127, 128, 65_535, 65_536, 2 ** 32 - 1])("%d comes back", (value) => {
    expect(reader(Uint8Array.from(encodeNumber(value))).number()).toBe(value);
  });

  it("that never end are refused", () => {
    expect(() => reader(new Uint8Array(20).fill(0x80)).number()).toThrow("too long");
    expect(() => reader(Uint8Array.of(0x80)).number()).toThrow("unexpected end");
  });
});
