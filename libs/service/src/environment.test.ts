import { describe, expect, it, vi } from "vitest";
import { integerFrom } from "./environment.ts";

const bounds = { unlessGiven: 7, min: 1, max: 10 };

describe("a whole number from the environment", () => {
  it.each([
    [undefined, 7],
    ["", 7],
    ["1", 1],
    ["10", 10],
  ])("%j is %i", (text, value) => {
    vi.stubEnv("CAXTON_PROBE", text);
    expect(integerFrom("CAXTON_PROBE", bounds)).toBe(value);
    vi.unstubAllEnvs();
  });

  it.each(["0", "11", "1.5", "many", "NaN"])("%j is refused with its bounds", (text) => {
    vi.stubEnv("CAXTON_PROBE", text);
    const message = `CAXTON_PROBE is '${text}'; it takes a whole number from 1 to 10`;
    expect(() => integerFrom("CAXTON_PROBE", bounds)).toThrow(
      expect.objectContaining({ code: "invalid-argument", message }),
    );
    vi.unstubAllEnvs();
  });
});
