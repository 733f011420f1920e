import { expect, test } from "vitest";
import { keptBy } from "./stream-config.ts";
import type { StreamSpec } from "@caxton/contracts/stream-spec";

const spec: StreamSpec = {
  name: "a",
  subjects: ["a"],
  discard: "new",
  maxBytes: 1_048_576,
  maxMessageBytes: 1_024,
  duplicateWindowMs: 1_000,
};
const inMessages = { ...spec, maxBytes: -1, maxMessages: 2_048 };

test.each([
  ["2.9.10", inMessages],
  ["2.10.5", inMessages],
  ["2.10.0-preview.1", inMessages],
  ["", inMessages],
  ["2.10.6", spec],
  ["2.11.0-RC.1", spec],
  ["3.0.0", spec],
])("a server %s is given a limit that it keeps", (version, kept) => {
  expect(keptBy(version, spec)).toEqual(kept);
});

test("a stream that may drop its oldest has its byte limit, and the narrower of two limits in messages counts", () => {
  expect(keptBy("2.9.10", { ...spec, discard: "old" })).toEqual({ ...spec, discard: "old" });
  expect(keptBy("2.9.10", { ...spec, maxBytes: -1 })).toEqual({ ...spec, maxBytes: -1 });
  expect(keptBy("2.9.10", { ...spec, maxMessages: 7 })).toEqual({ ...inMessages, maxMessages: 7 });
});
