import { describe, expect, test } from "vitest";
import { capOf, roomOf, takerOf, window, type Place } from "./overflow.ts";

const place = (version: string, share: number, lane: Partial<Place["lane"]> = {}): Place => ({
  version,
  share,
  canary: false,
  lane: { available: true, troubled: false, resting: false, held: 0, ...lane },
});
const takes = (places: readonly Place[], at = 0): string | undefined => {
  const meant = places[at];
  return meant === undefined ? undefined : takerOf(meant, places)?.version;
};
const full = { held: window };

describe("who takes a message", () => {
  test("the one it is meant for, while it is there and not full", () => {
    expect(takes([place("canary", 0.05, { held: 76 }), place("stable", 0.95)])).toBe("canary");
    expect(takes([place("only", 1, { held: window - 1 })])).toBe("only");
  });

  test.each([
    ["full", full],
    ["away", { available: false }],
    ["troubled and at its small cap", { troubled: true, held: 64 }],
  ])("the largest other where that one is %s", (_, lane) => {
    expect(takes([place("canary", 0.05, lane), place("other", 0.05), place("stable", 0.9)])).toBe("stable");
    expect(takes([place("new", 0.3, lane), place("b", 0.3), place("oldest", 0.3)])).toBe("oldest");
  });

  test("a canary that hangs has one message at a time, and a rest, and nobody waits behind it", () => {
    const hangs = (held: number, resting = false): readonly Place[] => [
      { ...place("canary", 0.25, { troubled: true, held, resting }), canary: true },
      place("stable", 0.75),
    ];
    expect(takes(hangs(0))).toBe("canary");
    expect(takes(hangs(1))).toBe("stable");
    expect(takes(hangs(0, true))).toBe("stable");
  });

  test("a backlog does not flood a small version; one that is away or hangs may go to it", () => {
    expect(takes([place("small", 0.05), place("large", 0.95, full)], 1)).toBeUndefined();
    expect(takes([place("small", 0.05), place("large", 0.95, { ...full, troubled: true })], 1)).toBe("small");
    expect(takes([place("small", 0.05), place("large", 0.95, { available: false })], 1)).toBe("small");
  });

  test("a canary is given nothing that is not meant for it, however the stable version is", () => {
    const canary = { ...place("canary", 0.5), canary: true };
    for (const lane of [full, { ...full, troubled: true }, { available: false }]) {
      expect(takes([canary, place("stable", 0.5, lane)], 1)).toBeUndefined();
      expect(roomOf([canary, place("stable", 0.5, lane)], 0)).toBe(0);
    }
  });

  test("nobody where none can, and never one without a share", () => {
    expect(takes([place("a", 0.5, full), place("b", 0.5, { available: false })])).toBeUndefined();
    expect(takes([place("a", 1, { available: false }), place("b", 0)])).toBeUndefined();
  });
});

describe("room", () => {
  test("a sole version has the whole window", () => {
    const places = [place("a", 1, { held: 24 })];
    expect(capOf(place("a", 1), places)).toBe(768);
    expect(roomOf(places, 24)).toBe(window - 24);
    expect(roomOf([place("a", 1, { available: false })], 0)).toBe(0);
    expect(roomOf([], 0)).toBe(0);
  });

  test("no version takes all of the window, whatever is meant for it", () => {
    const stable = place("stable", 0.95, { held: 700 });
    expect(roomOf([place("canary", 0.05), stable], 700)).toBe(68);
    expect(roomOf([place("canary", 0.05), place("stable", 0.95, { held: 768 })], 768)).toBe(0);
  });

  test("one that is full or away stops nothing while another takes its messages", () => {
    expect(roomOf([place("canary", 0.05, { held: 77 }), place("stable", 0.95)], 77)).toBe(768);
    expect(roomOf([place("a", 0.5, { available: false }), place("b", 0.5)], 0)).toBe(768);
    expect(roomOf([place("a", 0.5, { troubled: true, held: 64 }), place("b", 0.5, { held: 760 })], 824)).toBe(8);
  });
});
