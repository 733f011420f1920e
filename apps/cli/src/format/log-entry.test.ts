import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { LogEntrySchema } from "@caxton/contracts/gen/caxton/v1/operations_pb.js";
import { describe, expect, it } from "vitest";
import { logLine, logValue } from "./log-entry.ts";
import { plain } from "./style.ts";

const entry = create(LogEntrySchema, {
  at: timestampFromMs(1_764_000_000_123),
  agent: "proc",
  version: "proc-v1-7f8d9",
  instance: "host-1-ab",
  level: "warn",
  text: "first\n  second\u001B[31m",
  messageId: "m1",
  source: "agent",
  position: 7,
});

describe("a log entry", () => {
  it("is one line, whatever the agent wrote", () => {
    expect(logLine(entry, plain)).toMatch(/ {2}WARN {3}proc-v1-7f8d9 \[m1\] {2}first ⏎ second \[31m$/);
  });

  it("says what the host says of an instance", () => {
    const said = { ...entry, source: "host", messageId: "", level: "error", text: "instance ended" };
    expect(logLine(said, plain)).toMatch(/ {2}ERROR {2}proc-v1-7f8d9 \(host\) {2}instance ended$/);
  });

  it("is for programs what was said", () => {
    expect(logValue(entry)).toEqual({
      at: "2025-11-24T16:00:00.123Z",
      agent: "proc",
      version: "proc-v1-7f8d9",
      instance: "host-1-ab",
      level: "warn",
      text: "first\n  second\u001B[31m",
      messageId: "m1",
      source: "agent",
      position: 7,
    });
  });
});
