import type { RunResult } from "@caxton/contracts/agent-run";
import { expect, test } from "vitest";
import { boundedAnswer } from "./bounded-answer.ts";

const handled = (index: number, bytes: number): RunResult => ({
  index,
  result: "handled",
  outputs: [{ kind: "reply", body: "x".repeat(bytes) }],
  latencyMs: 1,
});
const read = (data: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(data));

test("what does not fit is left unfinished, the largest first", () => {
  const data = boundedAnswer("i", [handled(0, 400), handled(1, 10), handled(2, 900)], 900);
  expect(data.length).toBeLessThanOrEqual(900);
  expect(read(data)).toEqual({
    status: "done",
    instance: "i",
    results: [handled(0, 400), handled(1, 10), { index: 2, result: "unfinished" }],
  });
});

test("a single answer that does not fit has failed", () => {
  const data = boundedAnswer("i", [handled(3, 2_000)], 1_000);
  expect(read(data)).toMatchObject({
    results: [{ index: 3, result: "failed", code: "output-too-large", retry: false }],
  });
});
