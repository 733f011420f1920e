import { expect, it } from "vitest";
import { fields, table } from "./table.ts";

it("makes columns as wide as their widest cell, numbers flush right, without blanks at the end of a line", () => {
  const rows = [
    ["quake-v1-7ec60", "200", ""],
    ["q", "1", "slow"],
  ];
  expect(table(["VERSION", "HANDLED", "NOTE"], rows, ["HANDLED"])).toEqual([
    "VERSION         HANDLED  NOTE",
    "quake-v1-7ec60      200",
    "q                     1  slow",
  ]);
});

it("aligns values below each other", () => {
  expect(
    fields([
      ["Agent", "quake-watch"],
      ["Active version", "none"],
    ]),
  ).toEqual(["Agent           quake-watch", "Active version  none"]);
});
