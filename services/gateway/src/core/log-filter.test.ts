import { describe, expect, it } from "vitest";
import type { AgentLogBatch } from "@caxton/contracts/agent-log";
import { Newest, wantedLines } from "./log-filter.ts";

const batch: AgentLogBatch = {
  agent: "proc",
  version: "proc-v2-7f8d9",
  instance: "i1",
  source: "agent",
  lines: [
    { atMs: 10, level: "debug", text: "a" },
    { atMs: 20, level: "warn", text: "b", messageId: "m1" },
    { atMs: 30, level: "error", text: "c", messageId: "m2" },
  ],
};
const everything = { level: "debug", sinceMs: 0 } as const;
const texts = (filter: Parameters<typeof wantedLines>[2]): string =>
  wantedLines(batch, 7, filter)
    .map(({ text }) => text)
    .join("");

describe("the lines that are wanted", () => {
  it.each([
    [everything, "abc"],
    [{ ...everything, level: "warn" as const }, "bc"],
    [{ ...everything, sinceMs: 20 }, "bc"],
    [{ ...everything, messageId: "m1" }, "b"],
    [{ ...everything, version: "proc-v2" }, "abc"],
    [{ ...everything, version: "proc-v1" }, ""],
  ])("of %j are %s", (filter, wanted) => {
    expect(texts(filter)).toBe(wanted);
  });

  it("know where they stand and who said them", () => {
    expect(wantedLines(batch, 7, everything)[0]).toMatchObject({ position: 7, batch: { instance: "i1" } });
  });
});

describe("the newest", () => {
  it.each([
    [3, 10_000, [9_997, 9_998, 9_999]],
    [3, 2, [0, 1]],
    [0, 5, []],
  ])("%i of %i", (max, count, wanted) => {
    const newest = new Newest<number>(max);
    for (let item = 0; item < count; item += 1) newest.add([item]);
    expect(newest.take()).toEqual(wanted);
  });
});
