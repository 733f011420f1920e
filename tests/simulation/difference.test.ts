import process from "node:process";
import { xorshift } from "@caxton/deployment/specification/rollouts";
import {
  type Difference,
  differenceOfMeans,
  differenceOfRates,
  noValues,
  type Values,
  withValue,
} from "@caxton/deployment/verdict/difference";
import { describe, expect, it } from "vitest";

const rounds = 4_000;
type Random = () => number;

/** How often, 0–1, the interval holds the true difference, and how often it shows one. */
function simulate(look: (random: Random) => Difference | undefined, truth: number): { covers: number; shows: number } {
  const random = xorshift(20_240_803);
  let covers = 0;
  let shows = 0;
  for (let round = 0; round < rounds; round += 1) {
    const { low, high } = look(random) ?? { low: Number.NaN, high: Number.NaN };
    if (low <= truth && truth <= high) covers += 1;
    if (low > 0 || high < 0) shows += 1;
  }
  return { covers: covers / rounds, shows: shows / rounds };
}

const normal = (random: Random): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
const skewed = (random: Random): number => -Math.log(1 - random());

function values(count: number, value: () => number): Values {
  let known = noValues;
  for (let index = 0; index < count; index += 1) known = withValue(known, value());
  return known;
}

function hits(samples: number, rate: number, random: Random) {
  let found = 0;
  for (let index = 0; index < samples; index += 1) if (random() < rate) found += 1;
  return { samples, hits: found };
}

function told(what: string, { covers, shows }: { covers: number; shows: number }): void {
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  process.stdout.write(
    `${what}: the interval holds the truth in ${percent(covers)}, a difference is shown in ${percent(shows)}\n`,
  );
}

describe("of four thousand A/B tests", { timeout: 120_000 }, () => {
  it.each([
    ["means that are equal, 40 and 400 values, spreads 1 and 3", 40, 400, 1, 3],
    ["means that are equal, 300 and 300 values, spreads 1 and 1", 300, 300, 1, 1],
    ["means that are equal, 30 and 30 values, spreads 1 and 5", 30, 30, 1, 5],
  ])("%s: one in twenty shows a difference that is not there", (what, few, many, one, other) => {
    const found = simulate(
      (random) =>
        differenceOfMeans(
          values(few, () => one * normal(random)),
          values(many, () => other * normal(random)),
        ),
      0,
    );
    told(what, found);
    expect(found.shows).toBeGreaterThan(0.035);
    expect(found.shows).toBeLessThan(0.065);
  });

  it("means of what is skewed, with 200 values each, are nearly as good", () => {
    const found = simulate(
      (random) =>
        differenceOfMeans(
          values(200, () => skewed(random)),
          values(200, () => skewed(random) + 0.3),
        ),
      0.3,
    );
    told("exponential values, 0.3 apart", found);
    expect(found.covers).toBeGreaterThan(0.935);
    expect(found.shows).toBeGreaterThan(0.7);
  });

  it.each([
    ["rates of 1 %, 200 messages each", 200, 0.01, 0.01],
    ["rates of 20 %, 500 messages each", 500, 0.2, 0.2],
    ["rates of 20 and 30 %, 500 messages each", 500, 0.2, 0.3],
    ["rates of 50 %, 30 messages each", 30, 0.5, 0.5],
  ])("%s: the interval holds the truth as often as it says", (what, samples, one, other) => {
    const look = (random: Random) => differenceOfRates(hits(samples, one, random), hits(samples, other, random));
    const found = simulate(look, other - one);
    told(what, found);
    expect(found.covers).toBeGreaterThan(0.935);
    expect(one === other ? 1 - found.shows : found.shows).toBeGreaterThan(one === other ? 0.935 : 0.9);
  });

  it("one that is looked at after every 50 values and ended when it shows something is wrong far more often", () => {
    const found = simulate((random) => {
      let [one, other] = [noValues, noValues];
      let seen: Difference | undefined;
      for (let look = 0; look < 20; look += 1) {
        for (let index = 0; index < 50; index += 1) {
          one = withValue(one, normal(random));
          other = withValue(other, normal(random));
        }
        seen = differenceOfMeans(one, other);
        if (seen !== undefined && (seen.low > 0 || seen.high < 0)) return seen;
      }
      return seen;
    }, 0);
    told("equal means, looked at 20 times", found);
    expect(found.shows).toBeGreaterThan(0.15);
  });
});
