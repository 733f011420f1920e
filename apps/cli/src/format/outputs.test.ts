import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { AgentOutputSchema } from "@caxton/contracts/gen/caxton/v1/messages_pb.js";
import { expect, it } from "vitest";
import { OutputText, outputValue } from "./outputs.ts";
import { plain } from "./style.ts";

const alert = create(AgentOutputSchema, {
  position: 7,
  agent: "proc",
  kind: "alert",
  body: '{"mag":5}',
  storedAt: timestampFromMs(1_764_000_000_123),
  epoch: "1764000000000",
  sequence: 17,
  index: 1,
});

it("is one line, and names the life of the inbox where that changes", () => {
  const text = new OutputText(plain);
  expect(text.line(alert)).toBe('2025-11-24T16:00:00.123Z  alert  [message 17 of epoch 1764000000000]  {"mag":5}');
  expect(text.line({ ...alert, sequence: 18, body: '{\n"mag": 6}\u001B[31m' })).toMatch(
    / {2}\[message 18\] {2}\{ "mag": 6\} \[31m$/,
  );
  expect(text.line({ ...alert, epoch: "1764000000009", sequence: 1 })).toContain("[message 1 of epoch 1764000000009]");
});

it("says so of what no message made", () => {
  const foreign = { ...alert, epoch: "", sequence: 0, index: 0 };
  expect(new OutputText(plain).line(foreign)).toContain("  [of no message]  ");
  expect(outputValue(foreign)).not.toHaveProperty("message");
});

it("is for programs what was said, and of which message", () => {
  expect(outputValue(alert)).toEqual({
    at: "2025-11-24T16:00:00.123Z",
    agent: "proc",
    kind: "alert",
    body: '{"mag":5}',
    message: { epoch: "1764000000000", sequence: 17, output: 1 },
    position: 7,
  });
});
