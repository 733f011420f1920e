import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { noRoute, shiftRoute } from "./route.ts";
import { chooseVersion, pointOf } from "./split.ts";

const share = fc.double({ min: 0.001, max: 1, noNaN: true });
const targetsAt = (part: number) => shiftRoute(noRoute, "new", part, "old").targets;

describe("the split", () => {
  it("moves no key back when the share grows", () => {
    fc.assert(
      fc.property(share, share, fc.string(), fc.string(), (one, other, salt, key) => {
        const before = chooseVersion(targetsAt(Math.min(one, other)), salt, key);
        return before === "old" || chooseVersion(targetsAt(Math.max(one, other)), salt, key) === "new";
      }),
      { numRuns: 2_000 },
    );
  });

  it("is sticky: the same key goes to the same version, whatever else goes where", () => {
    fc.assert(
      fc.property(share, fc.string(), fc.string(), (part, salt, key) =>
        Object.is(chooseVersion(targetsAt(part), salt, key), chooseVersion(targetsAt(part), salt, key)),
      ),
    );
  });

  it("gives each its share within what sampling allows, also for keys that only count", () => {
    const keys = fc.constantFrom(
      (n: number) => String(n),
      (n: number) => `1763926000000/${n}`,
      (n: number) => `conversation-${n * 16}`,
    );
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 0.99, noNaN: true }), fc.uuid(), keys, (part, salt, keyOf) => {
        const samples = 20_000;
        let taken = 0;
        for (let n = 0; n < samples; n += 1) if (chooseVersion(targetsAt(part), salt, keyOf(n)) === "new") taken += 1;
        const deviation = Math.sqrt((part * (1 - part)) / samples);
        return Math.abs(taken / samples - part) < 5 * deviation;
      }),
      { numRuns: 40 },
    );
  });

  it("of one agent says nothing about that of another", () => {
    const samples = 20_000;
    let both = 0;
    for (let n = 0; n < samples; n += 1) {
      const inOne = chooseVersion(targetsAt(0.5), "processor", `m-${n}`) === "new";
      if (inOne && chooseVersion(targetsAt(0.5), "enricher", `m-${n}`) === "new") both += 1;
    }
    expect(Math.abs(both / samples - 0.25)).toBeLessThan(0.02);
  });

  it("keeps every point in [0, 1)", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string(), (salt, key) => {
        const point = pointOf(salt, key);
        return point >= 0 && point < 1;
      }),
    );
  });

  it("gives the same points for ever: a change here would move conversations between versions", () => {
    expect([pointOf("processor", "1"), pointOf("processor", "conversation-7"), pointOf("", "")]).toMatchInlineSnapshot(`
      [
        0.24209826858714223,
        0.5330209510866553,
        0.02137250336818397,
      ]
    `);
  });

  it("gives all to the only target, whatever its share, and nothing to nobody", () => {
    expect(chooseVersion([{ version: "only", share: 0.05 }], "s", "k")).toBe("only");
    expect(chooseVersion([], "s", "k")).toBeUndefined();
  });
});
