import { describe, expect, it } from "vitest";
import { createLogger, type Logger } from "./logger.ts";

function linesOf(level: string, write: (log: Logger) => void): readonly Record<string, unknown>[] {
  const lines: string[] = [];
  const log = createLogger({
    service: "router",
    id: "router-1",
    level,
    destination: { write: (line) => lines.push(line) },
  });
  write(log);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe("a log line", () => {
  it("is one JSON object with the ADR's names", () => {
    const before = Date.now();
    const [line] = linesOf("info", (log) =>
      log.info({ deployment_id: "dep-123", agent_id: "processor", metrics: { error_rate: 0.01 } }, "canary"),
    );
    const { timestamp, ...rest } = line ?? {};
    expect(rest).toEqual({
      level: "info",
      service: "router",
      id: "router-1",
      deployment_id: "dep-123",
      agent_id: "processor",
      metrics: { error_rate: 0.01 },
      msg: "canary",
    });
    expect(timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
    const writtenAtMs = Date.parse(String(timestamp));
    expect(writtenAtMs).toBeGreaterThanOrEqual(before);
    expect(writtenAtMs).toBeLessThanOrEqual(Date.now());
  });

  it("says its level in a word", () => {
    const lines = linesOf("trace", (log) => {
      log.debug("a");
      log.warn("b");
      log.fatal("c");
    });
    expect(lines.map(({ level }) => level)).toEqual(["debug", "warn", "fatal"]);
  });

  it("below the level that is wanted is not written", () => {
    expect(linesOf("warn", (log) => log.info("quiet"))).toEqual([]);
    expect(linesOf("silent", (log) => log.fatal("quiet"))).toEqual([]);
  });
});
