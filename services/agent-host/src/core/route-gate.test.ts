import { expect, test } from "vitest";
import { admit, followRoute, initialGate } from "./route-gate.ts";

const target = { version: "v1", share: 1, messageTimeoutMs: 100 };
const route = (revision: number, open: boolean, closedAt?: number) => ({
  agent: "a",
  revision,
  targets: open ? [target] : [],
  closed: closedAt === undefined ? [] : [{ version: "v1", revision: closedAt }],
});

test("a closed version refuses, an open one serves, one that is behind waits", () => {
  const open = followRoute(initialGate, "v1", route(1, true));
  expect(admit(open, 1)).toEqual({ kind: "serve" });
  expect(admit(open, 2)).toEqual({ kind: "wait" });
  const closed = followRoute(open, "v1", route(2, false, 2));
  expect(admit(closed, 1)).toEqual({ kind: "refuse", closedAtRevision: 2 });
  expect(admit(closed, 2)).toEqual({ kind: "refuse", closedAtRevision: 2 });
});

test("opened again, it still refuses what is older than its closing", () => {
  const closed = followRoute(initialGate, "v1", route(2, false, 2));
  const again = followRoute(closed, "v1", route(5, true));
  expect(admit(again, 1)).toEqual({ kind: "refuse", closedAtRevision: 2 });
  expect(admit(again, 5)).toEqual({ kind: "serve" });
});

test("an older route changes nothing, and one that does not name it leaves it as it was", () => {
  const closed = followRoute(initialGate, "v1", route(4, false, 4));
  expect(followRoute(closed, "v1", route(3, true))).toBe(closed);
  expect(followRoute(closed, "v1", route(6, false))).toMatchObject({ open: false, closedAtRevision: 4, revision: 6 });
});
