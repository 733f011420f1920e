import { describe, expect, it } from "vitest";
import { agentLog } from "./agent-log.ts";
import { logAllowance } from "./log-allowance.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("an agent's log", () => {
  it("says when, how grave and about which message", () => {
    const log = agentLog(() => 42);
    log.write("info", "starting");
    log.begin("m1");
    log.write("warn", "odd");
    expect(log.take()).toEqual([
      { atMs: 42, level: "info", text: "starting" },
      { atMs: 42, level: "warn", text: "odd", messageId: "m1" },
    ]);
    expect(log.take()).toEqual([]);
  });

  it("has one line for a trap in place of what the runtime wrote about it", () => {
    const log = agentLog(() => 0);
    log.begin("m1");
    log.write("info", "before");
    log.writeBytes("error", bytes("thread '<unnamed>' panicked at src/lib.rs:1:2:\n"));
    log.writeBytes("error", bytes("boom\nnote: run with RUST_BACKTRACE=1\n"));
    log.trapped("boom");
    expect(log.take().map(({ level, text }) => `${level} ${text}`)).toEqual(["info before", "error trapped: boom"]);
  });

  it("keeps what is written on standard error without a trap", () => {
    const log = agentLog(() => 0);
    log.begin("m1");
    log.writeBytes("error", bytes("careful\n"));
    expect(log.take()).toEqual([{ atMs: 0, level: "error", text: "careful", messageId: "m1" }]);
  });

  it("lets a loop log no faster than allowed, and counts what it dropped", () => {
    let nowMs = 10_000;
    const log = agentLog(() => nowMs);
    const loopFor = (milliseconds: number): readonly { readonly text: string }[] => {
      const taken = [];
      for (let passed = 0; passed < milliseconds; passed += 1) {
        nowMs += 1;
        log.begin(`m${nowMs}`);
        for (let line = 0; line < 10; line += 1) log.write("info", "again");
        taken.push(...log.take());
      }
      return taken;
    };
    loopFor(1_000);
    const later = loopFor(10_000);
    expect(later.filter(({ text }) => text === "again").length).toBeLessThanOrEqual(
      10 * logAllowance.linesPerSecond + 1,
    );
    const said = later.filter(({ text }) => text.includes("dropped"));
    expect(said.length).toBeGreaterThanOrEqual(9);
    expect(said.length).toBeLessThanOrEqual(11);
    const dropped = said.reduce((sum, { text }) => sum + Number.parseInt(text, 10), 0);
    expect(dropped).toBeGreaterThan(80_000);
  });
});
