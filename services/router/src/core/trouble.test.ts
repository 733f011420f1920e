import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isTroubled, noTrouble, troubledAgain } from "./trouble.ts";

test("the third time running is trouble; from then on it rests four times as long as it took, four times that next, thirty seconds at most", () => {
  const restsMs: number[] = [];
  const troubled: boolean[] = [];
  let trouble = noTrouble;
  for (let times = 1; times <= 8; times += 1) {
    trouble = troubledAgain(trouble, 100, 1_000);
    restsMs.push(trouble.restsUntilMs - 100);
    troubled.push(isTroubled(trouble));
  }
  expect(restsMs).toEqual([0, 0, 4_000, 16_000, 30_000, 30_000, 30_000, 30_000]);
  expect(troubled).toEqual([false, false, true, true, true, true, true, true]);
});

test("what comes to nothing quickly, as a crash does, costs as little rest, and nothing costs more than thirty seconds", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.double({ min: 0, max: 5_000, noNaN: true }), (times, tookMs) => {
      let trouble = noTrouble;
      for (let time = 0; time < times; time += 1) trouble = troubledAgain(trouble, 0, tookMs);
      const grown = times < 3 ? 0 : tookMs * 4 ** Math.min(times - 2, 10);
      expect(trouble.restsUntilMs).toBe(Math.min(30_000, grown));
    }),
  );
});
