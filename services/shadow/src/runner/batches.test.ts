import { describe, expect, it } from "vitest";
import { batches } from "./batches.ts";

const limits = { max: 3, waitMs: 20, idleMs: 20 };
const never = new Promise<never>(() => undefined);

async function* from<Item>(...items: readonly (Item | Promise<Item>)[]): AsyncGenerator<Item> {
  for (const item of items) yield await item;
}

describe("batches", () => {
  it("are as large as they may be while more is there, in order, up to the end", async () => {
    expect(await Array.fromAsync(batches(from(1, 2, 3, 4, 5, 6, 7), limits))).toEqual([[1, 2, 3], [4, 5, 6], [7]]);
    expect(await Array.fromAsync(batches(from(1, 2, 3), limits))).toEqual([[1, 2, 3]]);
    expect(await Array.fromAsync(batches(from(), limits))).toEqual([]);
  });

  it("do not wait for long for what would make them larger, and lose nothing that comes later", async () => {
    const late = Promise.withResolvers<number>();
    const read = batches(from(1, late.promise, 3), limits);
    expect((await read.next()).value).toEqual([1]);
    expect((await read.next()).value).toEqual([]);
    late.resolve(2);
    expect((await read.next()).value).toEqual([2, 3]);
    expect((await read.next()).done).toBe(true);
  });

  it("are empty while nothing comes, again and again", async () => {
    const read = batches(from<number>(never), limits);
    expect((await read.next()).value).toEqual([]);
    expect((await read.next()).value).toEqual([]);
  });

  it("end with what the source throws", async () => {
    const failing = Promise.reject<number>(new Error("away"));
    const read = batches(from(1, failing), { ...limits, max: 1 });
    expect((await read.next()).value).toEqual([1]);
    await expect(read.next()).rejects.toThrow("away");
  });
});
