import { expect, it } from "vitest";
import { kindObjection } from "./accepted-kinds.ts";

const accepting = (version: string, ...kinds: readonly string[]) => ({
  version,
  validationReport: {
    description: {
      name: "processor",
      version: "1",
      accepts: kinds.map((kind) => ({ kind, schema: true, examples: [1] })),
      emits: [],
    },
  },
});

it("lists what the live version accepts, and what was probably meant", () => {
  expect(kindObjection("processor", "vist", [accepting("p-v1", "visit", "leave")])).toMatchObject({
    code: "invalid-argument",
    message: "processor accepts no kind 'vist', nothing was sent; p-v1 accepts visit, leave; did you mean 'visit'?",
  });
  expect(kindObjection("processor", "order", [accepting("p-v1", "visit")])?.message).toMatch(/p-v1 accepts visit$/);
});

it("has nothing against a kind that one of the versions that get messages accepts", () => {
  const both = [accepting("p-v2", "visit", "order"), accepting("p-v1", "visit")];
  expect(kindObjection("processor", "order", both)).toBeUndefined();
  expect(kindObjection("processor", "x", both)?.message).toMatch(/p-v2 and p-v1 accept visit, order$/);
});

it("says nothing where no version is live, or it is not known what one accepts", () => {
  expect(kindObjection("processor", "x", [])).toBeUndefined();
  expect(kindObjection("processor", "x", [accepting("p-v1", "visit"), { version: "p-v2" }])).toBeUndefined();
});
