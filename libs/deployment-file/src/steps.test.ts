import { expect, it } from "vitest";
import { TextFault } from "./problem.ts";
import { parseSteps } from "./steps.ts";

it("reads shares with and without a time, and approvals", () => {
  expect(parseSteps("5%:30s, 25%:1m,approve,50%,100%")).toEqual([
    { kind: "shift", share: 0.05, watchMs: 30_000 },
    { kind: "shift", share: 0.25, watchMs: 60_000 },
    { kind: "approve" },
    { kind: "shift", share: 0.5, watchMs: 600_000 },
    { kind: "shift", share: 1 },
  ]);
});

it.each([
  ["", 0, /is no share/],
  ["5%", 2, /the last step is 100%/],
  ["25%:1m,5%:1m,100%", 7, /'5%:1m' follows 25%/],
  ["5%:1x,100%", 4, /'x' is no unit/],
  ["5%:,100%", 3, /how long is missing/],
  ["5%:0s,100%", 3, /above zero/],
  ["100%,approve", 0, /may not stand after all messages/],
])("refuses '%s' at character %i", (text, offset, message) => {
  let fault: unknown;
  try {
    parseSteps(text);
  } catch (error) {
    fault = error;
  }
  expect(fault).toBeInstanceOf(TextFault);
  expect(fault).toMatchObject({ offset, message: expect.stringMatching(message) });
});
