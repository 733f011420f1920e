import type { AgentDescription } from "@caxton/contracts/agent-description";
import { describe, expect, it } from "vitest";
import { compareContracts } from "./compatibility.ts";
import { variationsOf } from "./schema-variations.ts";

const order = { type: "object", required: ["n"], properties: { n: { type: "integer" }, note: { type: "string" } } };
const agent = (...accepts: AgentDescription["accepts"]): AgentDescription => ({
  name: "a",
  version: "1",
  accepts,
  emits: [],
});
const kind = (
  name: string,
  schema: AgentDescription["accepts"][number]["schema"],
  examples: unknown[] = [{ n: 1 }],
) => ({
  kind: name,
  schema,
  examples,
});

describe("comparing contracts", () => {
  it("proves what only grows", () => {
    const next = agent(kind("order", { ...order, required: [] }), kind("wish", true));
    expect(compareContracts(agent(kind("order", order)), next)).toEqual({ proved: true });
  });

  it("names the kind and the place where the proof stopped, and gives messages that may show it", () => {
    const narrower = { ...order, required: ["n", "note"] };
    const compared = compareContracts(agent(kind("order", order)), agent(kind("order", narrower)));
    expect(compared).toMatchObject({ proved: false, why: `kind 'order' the whole: ["note"] became required` });
    expect(compared.proved ? [] : compared.candidates.map(({ body }) => body)).toContain('{"n":1}');
  });

  it("does not take a kind for accepted that is gone", () => {
    const compared = compareContracts(agent(kind("order", true)), agent(kind("wish", true)));
    expect(compared).toMatchObject({ proved: false, why: "kind 'order' is not accepted any more" });
  });

  it("knows that messages without a kind are of the first one", () => {
    const live = agent(kind("order", order), kind("wish", { type: "string" }));
    const turned = agent(kind("wish", { type: "string" }), kind("order", order));
    expect(compareContracts(live, turned)).toMatchObject({
      proved: false,
      why: "kind 'order' is not the first one any more",
    });
  });
});

describe("variations", () => {
  it("leave out, add, and go to the bounds of each property", () => {
    const schema = { ...order, properties: { n: { type: "integer", minimum: 3 }, level: { enum: ["low", "high"] } } };
    const found = variationsOf(schema, [{ n: 5, note: "x" }]);
    for (const wanted of [
      { n: 5 },
      { note: "x" },
      { n: 3, note: "x" },
      { n: 5, note: "x", level: "low" },
      { n: 5, note: "x", level: "high" },
      { n: 5, note: "x", "x-undeclared": 1 },
    ]) {
      expect(found).toContainEqual(wanted);
    }
  });

  it("reach into lists and nested objects", () => {
    const schema = { type: "object", properties: { lines: { type: "array", items: order } } };
    const found = variationsOf(schema, [{ lines: [{ n: 1, note: "x" }] }]);
    expect(found).toContainEqual({ lines: [] });
    expect(found).toContainEqual({ lines: [{ n: 1 }] });
  });

  it("stay few and small, whatever the schema", () => {
    const wide = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`p${index}`, { type: "string" }]));
    const long = { type: "string", maxLength: 1e9 };
    expect(variationsOf({ type: "object", properties: wide }, [{}])).toHaveLength(256);
    expect(variationsOf(long, []).every((one) => JSON.stringify(one).length < 3_000)).toBe(true);
    const endless = { $ref: "#/$defs/n", $defs: { n: { type: "object", properties: { n: { $ref: "#/$defs/n" } } } } };
    expect(variationsOf(endless, [{ n: { n: { n: {} } } }]).length).toBeLessThan(256);
  });
});
