import { placeKeptMs } from "@caxton/contracts/busy";
import { expect, it } from "vitest";
import { WaitingLine } from "./waiting-line.ts";

it("keeps the order in which was asked first, for those who go on asking", () => {
  const line = new WaitingLine();
  expect(line.placeOf("a", 0)).toEqual({ place: 1, waiting: 1 });
  expect(line.placeOf("b", 1)).toEqual({ place: 2, waiting: 2 });
  expect(line.placeOf("a", 2)).toEqual({ place: 1, waiting: 2 });
  line.leave("a");
  expect(line.placeOf("b", 3)).toEqual({ place: 1, waiting: 1 });
});

it("has no place for who does not ask any more", () => {
  const line = new WaitingLine();
  line.placeOf("a", 0);
  line.placeOf("b", placeKeptMs);
  expect(line.placeOf("b", placeKeptMs + 1)).toEqual({ place: 1, waiting: 1 });
});
