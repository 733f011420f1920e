import { expect, test } from "vitest";
import { queuedMax, RunQueue } from "./run-queue.ts";

test("takes no more requests than may wait", () => {
  const queue = new RunQueue(() => undefined);
  const add = (): boolean =>
    queue.add(
      { routeRevision: 1, budgetMs: 1, messages: [] },
      () => true,
      () => expect.unreachable("nobody runs it"),
    );
  for (let count = 0; count < queuedMax; count += 1) expect(add()).toBe(true);
  expect(add()).toBe(false);
});
