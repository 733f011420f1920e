import type { Attempt } from "@caxton/contracts/outcome";
import { expect, it } from "vitest";
import { partsOf } from "./version-part.ts";

const stable = "proc-v1-00000";
const canary = "proc-v2-11111";
const attempt = (version: string, result: Attempt["result"], more: Partial<Attempt> = {}): Attempt => ({
  version,
  routeRevision: 2,
  result,
  latencyMs: 1,
  ...more,
});

/** What stands in the account of each version, zeros left out. */
function account(result: "handled" | "dead-lettered", version: string | undefined, ...attempts: Attempt[]) {
  const parts = partsOf({
    sequence: 1,
    result,
    attempts,
    decidedAtMs: 0,
    ...(version === undefined ? {} : { version }),
  });
  return Object.fromEntries(
    parts.map(({ version: name, atMs: _atMs, failure: _failure, ...counts }) => [
      name,
      Object.entries(counts).flatMap(([what, count]) => (count === 0 ? [] : [what])),
    ]),
  );
}

it("one that the canary handled is the canary's", () => {
  expect(account("handled", canary, attempt(canary, "handled"))).toEqual({ [canary]: ["handled"] });
});

it("one that the canary failed on and the stable version handled is a failure and a fallback of the canary's", () => {
  expect(account("handled", stable, attempt(canary, "failed"), attempt(stable, "handled"))).toEqual({
    [canary]: ["failed", "fallbacks"],
    [stable]: ["handled"],
  });
});

it("one that both failed on is the message's fault, and counted where it was asked first", () => {
  expect(account("dead-lettered", stable, attempt(canary, "failed"), attempt(stable, "failed"))).toEqual({
    [canary]: ["messageAtFault"],
    [stable]: ["deadLettered"],
  });
});

it("one that the canary failed on and nobody else was asked about is the canary's failure", () => {
  expect(account("dead-lettered", canary, attempt(canary, "failed"))).toEqual({ [canary]: ["deadLettered", "failed"] });
});

it("one that went by a full canary is its overflow, and nothing else of it", () => {
  expect(account("handled", stable, attempt(stable, "handled", { overflowedFrom: canary }))).toEqual({
    [stable]: ["handled"],
    [canary]: ["overflow"],
  });
});

it("one that failed and was handled by the same version when it was tried again counts as both", () => {
  expect(account("handled", stable, attempt(stable, "failed"), attempt(stable, "handled"))).toEqual({
    [stable]: ["handled", "failed"],
  });
});

it("one that no version was asked about is in nobody's account", () => {
  expect(account("dead-lettered", undefined)).toEqual({});
});
