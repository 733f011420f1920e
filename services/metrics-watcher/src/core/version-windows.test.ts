import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bucketMs, VersionWindows, type CountedAttempt } from "./version-windows.ts";

const latency = fc.double({ min: 0.01, max: 60_000, noNaN: true });

const attempt: fc.Arbitrary<CountedAttempt> = fc.record({
  atMs: fc.integer({ min: 0, max: 100_000 }),
  result: fc.constantFrom("handled", "failed"),
  code: fc.constantFrom("agent-trap", "agent-timeout"),
  latencyMs: latency,
});

describe("the windows of a version", () => {
  test("count what lies in the window and nothing else, in whatever order it came", () => {
    fc.assert(
      fc.property(fc.array(attempt), fc.integer({ min: bucketMs, max: 100_000 }), (attempts, windowMs) => {
        const windows = new VersionWindows(200_000);
        for (const each of attempts) windows.count(each);
        const nowMs = 100_000;
        const firstMs = (Math.floor((nowMs - windowMs) / bucketMs) + 1) * bucketMs;
        const inside = attempts.filter(({ atMs }) => atMs >= firstMs);
        const window = windows.window("quake-v1-00000", windowMs, nowMs);
        expect(window.handled).toBe(inside.filter(({ result }) => result === "handled").length);
        expect(window.failed).toBe(inside.length - window.handled);
        expect(window.latencyMs?.max).toBe(
          inside.length === 0 ? undefined : Math.max(...inside.map(({ latencyMs }) => latencyMs)),
        );
      }),
    );
  });

  test("give rates by what was at work, failures by code", () => {
    const windows = new VersionWindows(60_000);
    for (let atMs = 10_000; atMs < 12_000; atMs += 10) windows.count({ atMs, result: "handled", latencyMs: 2 });
    for (let atMs = 11_000; atMs < 11_500; atMs += 10)
      windows.count({ atMs, result: "failed", code: "agent-trap", latencyMs: 9 });
    const window = windows.window("quake-v1-00000", 30_000, 12_000);
    expect(window).toMatchObject({
      handled: 200,
      failed: 50,
      failures: { "agent-trap": 50 },
      errorRate: 0.2,
      perSecond: 125,
    });
    expect(window.latencyMs?.p50).toBeCloseTo(2, 0);
    expect(window.latencyMs?.max).toBe(9);
  });

  test("forget what is older than they keep", () => {
    const windows = new VersionWindows(1_000);
    windows.count({ atMs: 1_000, result: "handled", latencyMs: 1 });
    windows.count({ atMs: 5_000, result: "handled", latencyMs: 1 });
    windows.count({ atMs: 1_500, result: "handled", latencyMs: 1 });
    expect(windows.window("quake-v1-00000", 10_000, 5_000).handled).toBe(1);
    expect([windows.isPast(6_000), windows.isPast(6_001)]).toEqual([false, true]);
  });
});
