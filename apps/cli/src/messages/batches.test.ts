import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { batches } from "./batches.ts";

const bounds = { maxCount: 3, maxBytes: 10, sizeBytes: (text: string) => text.length, idleMs: 10_000 };
const never = new AbortController().signal;

async function* from(...items: readonly string[]): AsyncGenerator<string> {
  yield* items;
}

it("are as large as they may be, by number and by size", async () => {
  const all = await Array.fromAsync(
    batches(from("a", "b", "c", "d", "123456789", "xx", "y"), { ...bounds, signal: never }),
  );
  expect(all).toEqual([
    ["a", "b", "c"],
    ["d", "123456789"],
    ["xx", "y"],
  ]);
});

it("take an item that is larger than a batch alone", async () => {
  const all = await Array.fromAsync(batches(from("a", "x".repeat(20), "b"), { ...bounds, signal: never }));
  expect(all.map((batch) => batch.length)).toEqual([1, 1, 1]);
});

it("go off when the source falls silent, and go on when it speaks again", async () => {
  const source = new PassThrough({ objectMode: true });
  const found = batches<string>(source, { ...bounds, idleMs: 1, signal: never });
  source.write("a");
  expect(await found.next()).toEqual({ done: false, value: ["a"] });
  source.write("b");
  expect(await found.next()).toEqual({ done: false, value: ["b"] });
  source.end();
  expect(await found.next()).toMatchObject({ done: true });
});

it("end when asked to although the source does not, with what was read", async () => {
  const source = new PassThrough({ objectMode: true });
  const stop = new AbortController();
  source.write("a");
  source.once("data", () => setImmediate(() => stop.abort()));
  expect(await Array.fromAsync(batches<string>(source, { ...bounds, signal: stop.signal }))).toEqual([["a"]]);
});
