import type { Attempt, Outcome } from "@caxton/contracts/outcome";
import { describe, expect, test } from "vitest";
import { toldBy } from "./told-by-outcome.ts";

const trial = { version: "quake-v2-22222", stable: "quake-v1-11111", routeRevision: 5 };
const decidedAtMs = 4_000;

function attempt(version: string, changes: Partial<Attempt> = {}): Attempt {
  return { version, routeRevision: 5, result: "handled", latencyMs: 7, ...changes };
}
const canary = (changes: Partial<Attempt> = {}): Attempt => attempt(trial.version, changes);
const stable = (changes: Partial<Attempt> = {}): Attempt => attempt(trial.stable, changes);
const trapped = { result: "failed", code: "agent-trap", latencyMs: 1 } as const;
const timedOut = { result: "failed", code: "agent-timeout", latencyMs: 90 } as const;

function told(...attempts: readonly Attempt[]): ReturnType<typeof toldBy> {
  const outcome: Outcome = {
    schemaVersion: 1,
    agent: "quake",
    epoch: "1",
    sequence: 1,
    messageId: "1",
    result: attempts.some(({ result }) => result === "handled") ? "handled" : "dead-lettered",
    attempts: [...attempts],
    outputs: [],
    hops: 0,
    receivedAtMs: 0,
    decidedAtMs,
  };
  return toldBy(outcome, trial);
}

const good = { atMs: decidedAtMs, failed: false, timedOut: false, latencyMs: 7 };
const bad = { atMs: decidedAtMs, failed: true, timedOut: false };

describe("an outcome tells of a message", () => {
  test("that the canary handled it", () => expect(told(canary())).toEqual({ kind: "handled", sample: good }));

  test("that the canary failed on it and the stable version did not: the canary's fault", () => {
    expect(told(canary(trapped), stable())).toEqual({ kind: "failed", sample: bad, isFallback: true });
    expect(told(canary(trapped), stable(trapped), stable())).toMatchObject({ kind: "failed", isFallback: true });
  });

  test("that nobody else was asked about it: the canary's fault as well, once however often it was tried", () => {
    expect(told(canary(trapped), canary(trapped), canary(trapped))).toEqual({
      kind: "failed",
      sample: bad,
      isFallback: false,
    });
    expect(told(canary(trapped), canary())).toMatchObject({ kind: "failed", isFallback: false });
  });

  test("that both failed on it: the message's fault", () => {
    expect(told(canary(trapped), stable(trapped), stable(trapped))).toEqual({ kind: "message-at-fault" });
  });

  test("that the canary ran out of time on it, and in what time", () => {
    const late = { atMs: decidedAtMs, failed: true, timedOut: true, latencyMs: 90 };
    expect(told(canary(timedOut), stable())).toMatchObject({ kind: "failed", sample: late });
  });

  test("that it was meant for the canary and did not get there", () => {
    expect(told(stable({ overflowedFrom: trial.version }))).toEqual({ kind: "overflow" });
  });

  test("that it was the stable version's own, which failed where it failed once", () => {
    expect(told(stable())).toEqual({ kind: "stable", sample: good });
    expect(told(stable(trapped), stable())).toEqual({ kind: "stable", sample: bad });
  });

  test("nothing, where it was tried under an earlier route, by another version, or by none", () => {
    const nothing = { kind: "nothing" };
    expect(told(canary({ routeRevision: 4 }))).toEqual(nothing);
    expect(told(attempt("quake-v0-00000"))).toEqual(nothing);
    expect(told()).toEqual(nothing);
    expect(told(canary({ ...trapped, routeRevision: 4 }), canary())).toMatchObject({ kind: "handled" });
  });
});
