import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { readMessages } from "./read-messages.ts";

const read = async (text: string, whole = false): Promise<readonly (readonly [string, string])[]> => {
  const found = await Array.fromAsync(readMessages(Readable.from([Buffer.from(text)]), whole));
  return found.map(({ place, body }) => [place, body]);
};

describe("an input", () => {
  it("of JSON lines is one message a line; empty lines are none, and count", async () => {
    expect(await read('{"a":1}\r\n\n  \n{"a":2}')).toEqual([
      ["line 1", '{"a":1}'],
      ["line 4", '{"a":2}'],
    ]);
  });

  it("of one array is one message an element", async () => {
    expect(await read('\n[\n  {"a": 1},\n  2\n]\n')).toEqual([
      ["element 1", '{"a":1}'],
      ["element 2", "2"],
    ]);
  });

  it("of lines that are arrays stays one message a line", async () => {
    expect(await read("[1]\n[2]\n")).toEqual([
      ["line 1", "[1]"],
      ["line 2", "[2]"],
    ]);
  });

  it("that begins like an array and is none comes line by line", async () => {
    expect(await read("[1,\nnonsense\n")).toEqual([
      ["line 1", "[1,"],
      ["line 2", "nonsense"],
    ]);
  });

  it("is one message where that is wanted", async () => {
    expect(await read("[1,\n 2]\n", true)).toEqual([["the input", "[1,\n 2]"]]);
  });

  it("without anything is no message", async () => {
    expect(await read("")).toEqual([]);
  });
});
