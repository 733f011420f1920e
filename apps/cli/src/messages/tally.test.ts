import { expect, it } from "vitest";
import { objection } from "./tally.ts";

it.each(['{"mag": 1}', "1", '"text"', "null"])("has nothing against %s", (body) => {
  expect(objection({ place: "line 1", body }, false)).toBeUndefined();
});

it("refuses what is not JSON, unless it is wanted so", () => {
  expect(objection({ place: "line 2", body: "nonsense" }, false)).toMatchObject({
    place: "line 2",
    code: "message-invalid",
  });
  expect(objection({ place: "line 2", body: "nonsense" }, true)).toBeUndefined();
});

it("counts bytes, not characters", () => {
  const body = JSON.stringify("ä".repeat(131_071));
  expect(objection({ place: "line 3", body }, true)).toBeUndefined();
  expect(objection({ place: "line 3", body: `${body} ` }, true)).toMatchObject({
    code: "message-too-large",
    message: "it has 262145 bytes, at most 262144 are accepted",
  });
});
