import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { merged } from "./merged.ts";

async function* counting(name: string, to: number): AsyncGenerator<string> {
  for (let count = 1; count <= to; count += 1) {
    await Promise.resolve();
    yield `${name}${count}`;
  }
}

test("says everything once, each source in its own order, and ends with the last", async () => {
  const said = await Array.fromAsync(merged(counting("a", 5), counting("b", 3), counting("c", 0)));
  expect(said.filter((each) => each.startsWith("a"))).toEqual(["a1", "a2", "a3", "a4", "a5"]);
  expect(said.filter((each) => each.startsWith("b"))).toEqual(["b1", "b2", "b3"]);
  expect(said).toHaveLength(8);
});

test("does not wait for a source that is silent", async () => {
  const silence = new AbortController();
  async function* silent(): AsyncGenerator<string> {
    await delay(60_000, undefined, { signal: silence.signal }).catch(() => undefined);
    yield "too late";
  }
  const said: string[] = [];
  for await (const each of merged(silent(), counting("a", 2))) {
    said.push(each);
    if (said.length === 2) break;
  }
  silence.abort();
  expect(said).toEqual(["a1", "a2"]);
});

test("asks a source for more only when what it said was taken", async () => {
  let asked = 0;
  async function* counted(): AsyncGenerator<number> {
    for (;;) {
      await Promise.resolve();
      yield (asked += 1);
    }
  }
  for await (const each of merged(counted())) {
    expect(asked).toBe(each);
    if (each === 3) break;
  }
});

test("fails as the first source that fails", async () => {
  async function* failing(): AsyncGenerator<string> {
    yield "before";
    throw new Error("broken");
  }
  await expect(Array.fromAsync(merged(failing(), counting("a", 1)))).rejects.toThrow("broken");
});
