import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isTroubled, noTrouble, troubledAgain } from "./trouble.ts";

test("the third time running is trouble; from then on it rests for as long as it took, twice as long each time, ten seconds at most", () => {
  const restsMs: number[] = [];
  const troubled: boolean[] = [];
  let trouble = noTrouble;
  for (let times = 1; times <= 8; times += 1) {
    trouble = troubledAgain(trouble, 100, 1_000);
    restsMs.push(trouble.restsUntilMs - 100);
    troubled.push(isTroubled(trouble));
  }
  expect(restsMs).toEqual([0, 0, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  expect(troubled).toEqual([false, false, true, true, true, true, true, true]);
});

test("what comes to nothing quickly, as a crash does, costs as little rest, and nothing costs more than ten seconds", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.double({ min: 0, max: 5_000, noNaN: true }), (times, tookMs) => {
      let trouble = noTrouble;
      for (let time = 0; time < times; time += 1) trouble = troubledAgain(trouble, 0, tookMs);
      const doubled = times < 3 ? 0 : tookMs * 2 ** (times - 3);
      expect(trouble.restsUntilMs).toBe(Math.min(10_000, times > 19 ? tookMs * 2 ** 16 : doubled));
    }),
  );
});
