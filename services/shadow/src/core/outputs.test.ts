import type { Output } from "@caxton/contracts/outcome";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { outputDifferences } from "./outputs.ts";

const likeness = { tolerance: 0, ignore: [] };
const alert = (body: unknown, to?: string): Output => ({
  kind: "alert",
  body: JSON.stringify(body),
  ...(to === undefined ? {} : { to }),
});
const groups = (live: readonly Output[], shadow: readonly Output[]) =>
  outputDifferences(live, shadow, likeness).map(({ group }) => group);

describe("outputs", () => {
  it("are like themselves", () => {
    const output = fc.record({
      kind: fc.constantFrom("a", "b"),
      body: fc.jsonValue().map((value) => JSON.stringify(value)),
    });
    fc.assert(
      fc.property(fc.array(output), (outputs) => {
        expect(groups(outputs, outputs)).toEqual([]);
      }),
    );
  });

  it("in another order differ by that and by nothing else", () => {
    const distinct = fc.uniqueArray(fc.integer(), { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(distinct, (numbers) => {
        const outputs = numbers.map((n) => alert({ n }));
        expect(groups(outputs, outputs.toReversed())).toEqual(["outputs: another order"]);
      }),
    );
  });

  it.each([
    ["fewer", [alert({ n: 1 }), alert({ n: 2 })], [alert({ n: 2 })], ["alert: fewer outputs"]],
    ["none", [alert({ n: 1 })], [], ["alert: fewer outputs"]],
    ["more", [alert({ n: 1 })], [alert({ n: 1 }), alert({ n: 1 })], ["alert: more outputs"]],
    ["another body", [alert({ n: 1 })], [alert({ n: 2 })], ["alert $.n: value"]],
    [
      "another kind",
      [alert({ n: 1 })],
      [{ kind: "warning", body: '{"n":1}' }],
      ["alert: fewer outputs", "warning: more outputs"],
    ],
    [
      "another target",
      [alert({ n: 1 }, "desk")],
      [alert({ n: 1 }, "mail")],
      ["alert → desk: fewer outputs", "alert → mail: more outputs"],
    ],
    ["what is not JSON", [alert({ n: 1 })], [{ kind: "alert", body: "{n:1}" }], ["alert: not JSON"]],
    ["the same that is not JSON", [{ kind: "alert", body: "n" }], [{ kind: "alert", body: "n" }], []],
    ["other spaces", [alert({ n: 1 })], [{ kind: "alert", body: '{ "n": 1 }' }], []],
    [
      "items",
      [alert({ a: [{ n: 1 }, { n: 2 }] })],
      [alert({ a: [{ n: 3 }, { n: 4 }] })],
      ["alert $.a[*].n: value", "alert $.a[*].n: value"],
    ],
  ])("with %s are told apart", (_what, live, shadow, expected) => {
    expect(groups(live, shadow)).toEqual(expected);
  });

  it("are shown cut short", () => {
    const [difference] = outputDifferences([alert({ text: "a".repeat(5_000) })], [alert({ text: "b" })], likeness);
    expect(difference?.live.length).toBeLessThan(250);
    expect(difference?.shadow).toBe('"b"');
  });

  it("of which there are very many are compared all the same", () => {
    const outputs = Array.from({ length: 5_000 }, (_, n) => alert({ n }));
    const others = outputs.map((_, n) => alert({ n: n + 1 }));
    expect(outputDifferences(outputs, others, likeness).length).toBeGreaterThan(0);
  });
});
