import { expect, test } from "vitest";
import { Liveness, type ThreadTimes } from "./liveness.ts";

/** At which of sixty seconds of silence it is ended, and why. */
function silence(timesAt: (second: number) => ThreadTimes | undefined, liveness = new Liveness()) {
  for (let second = 0; second <= 60; second += 1) {
    const reason = liveness.missed(timesAt(second));
    if (reason !== undefined) return { second, reason };
  }
  return undefined;
}

test("a loop is ended after five seconds", () => {
  const reason = "its main thread did not answer for 5000 ms, in which it had a processor for 4900 ms";
  expect(silence((second) => ({ processorMs: 700 + 980 * second, wantsToRun: true }))).toEqual({ second: 5, reason });
});

test("so is one that waits for nothing the machine could give, and any where the machine does not tell", () => {
  expect(silence(() => ({ processorMs: 700, wantsToRun: false }))?.second).toBe(5);
  expect(silence(() => undefined)).toEqual({ second: 5, reason: "its main thread did not answer for 5000 ms" });
});

test("one that the machine has no time for is waited for, but not for ever", () => {
  const starving = (second: number): ThreadTimes => ({ processorMs: 100 * second, wantsToRun: true });
  expect(silence(starving)).toMatchObject({ second: 30, reason: expect.stringContaining("for 3000 ms") });
});

test("an answer begins it anew", () => {
  const liveness = new Liveness();
  const hangs = { processorMs: 0, wantsToRun: false };
  for (let round = 0; round < 10; round += 1) {
    for (let second = 0; second < 5; second += 1) expect(liveness.missed(hangs)).toBeUndefined();
    liveness.heard();
  }
});
