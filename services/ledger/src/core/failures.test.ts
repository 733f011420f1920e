import { expect, it } from "vitest";
import { withFailure } from "./failures.ts";

it("counts failures by code, with the first reason and the first messages of each", () => {
  const trap = (sequence: number) => ({ code: "agent-trap", reason: `too hot: ${sequence}`, sequence });
  const told = [3, 5, 8, 13].map(trap).reduce(withFailure, []);
  expect(withFailure(told, { code: "agent-timeout", reason: "no answer", sequence: 21 })).toEqual([
    { code: "agent-trap", reason: "too hot: 3", count: 4, sequences: [3, 5, 8] },
    { code: "agent-timeout", reason: "no answer", count: 1, sequences: [21] },
  ]);
});

it("stays small, whatever comes", () => {
  const many = Array.from({ length: 50 }, (_, n) => ({ code: `code-${n}`, reason: "x".repeat(9_999), sequence: n }));
  const told = many.reduce(withFailure, []);
  expect(told).toHaveLength(8);
  expect(told[0]?.reason).toHaveLength(300);
});
