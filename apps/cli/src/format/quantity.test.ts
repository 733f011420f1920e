import { describe, expect, it } from "vitest";
import { bytes, duration, inWords, parseBytes, parseDurationMs, seconds, shortly } from "./quantity.ts";

describe("sizes and times that people type", () => {
  it.each([
    ["64MiB", 67_108_864],
    ["512 KiB", 524_288],
    ["1.5kB", 1_500],
    ["1048576", 1_048_576],
  ])("reads %s", (text, expected) => {
    expect(parseBytes(text)).toBe(expected);
  });

  it.each([
    ["1s", 1_000],
    ["250ms", 250],
    ["1.5s", 1_500],
    ["2m", 120_000],
    ["40", 40],
  ])("reads %s", (text, expectedMs) => {
    expect(parseDurationMs(text)).toBe(expectedMs);
  });

  it.each(["", "MiB", "-1MiB", "64mib", "64 MiB more", "1e3", "toString"])("refuses '%s' as a size", (text) => {
    expect(() => parseBytes(text)).toThrow(`'${text}' is not a size such as 64MiB`);
  });

  it("refuses a size as a time, and says what a time looks like", () => {
    expect(() => parseDurationMs("64MiB")).toThrow(
      "'64MiB' is not a time such as 250ms, 1.5s, 1m or 2h (units: ms, s, m, h)",
    );
  });
});

describe("sizes and times that people read", () => {
  it("writes times as the ADR does", () => {
    expect([800, 49, 2_345, 0].map(seconds)).toEqual(["0.8s", "0.0s", "2.3s", "0.0s"]);
  });

  it("keeps short times apart", () => {
    expect([0, 0.417, 9.99, 17.4, 999, 2_345, 60_000].map(duration)).toEqual([
      "0 ms",
      "0.42 ms",
      "9.99 ms",
      "17 ms",
      "999 ms",
      "2.3 s",
      "60 s",
    ]);
  });

  it("says what is yet to come in words", () => {
    expect([300_000, 60_000, 90_000, 2_000, 1_500, 86_400_000, 0].map(inWords)).toEqual([
      "5 minutes",
      "1 minute",
      "90 seconds",
      "2 seconds",
      "1.5 seconds",
      "1 day",
      "0 seconds",
    ]);
  });

  it("counts down as a clock does", () => {
    expect([900, 42_000, 247_000, 3_847_000].map(shortly)).toEqual(["1s", "42s", "4:07", "1:04:07"]);
  });

  it("writes sizes", () => {
    expect([0, 1_023, 1_536, 1_616_545, 2 ** 31].map(bytes)).toEqual([
      "0 B",
      "1023 B",
      "1.5 KiB",
      "1.5 MiB",
      "2.0 GiB",
    ]);
  });
});
