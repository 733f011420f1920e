import type { Attempt, Outcome } from "@caxton/contracts/outcome";
import { expect, test } from "vitest";
import { crossingsOf } from "./crossings.ts";

const canary = "quake-v2-22222";
const stable = "quake-v1-11111";
const attempt = (version: string, result: Attempt["result"], overflowedFrom?: string): Attempt => ({
  version,
  routeRevision: 5,
  result,
  latencyMs: 1,
  ...(overflowedFrom === undefined ? {} : { overflowedFrom }),
});

function crossings(result: Outcome["result"], ...attempts: Attempt[]): readonly string[] {
  const outcome: Outcome = {
    schemaVersion: 1,
    agent: "quake",
    epoch: "1",
    sequence: 1,
    messageId: "1",
    result,
    attempts,
    outputs: [],
    hops: 0,
    receivedAtMs: 0,
    decidedAtMs: 0,
  };
  return crossingsOf(outcome).map(({ kind, version }) => `${kind} ${version}`);
}

test("a message that one version did all about crosses nothing, however often it was tried", () => {
  expect(crossings("handled", attempt(stable, "handled"))).toEqual([]);
  expect(crossings("handled", attempt(stable, "failed"), attempt(stable, "handled"))).toEqual([]);
  expect(crossings("dead-lettered", attempt(stable, "failed"), attempt(stable, "failed"))).toEqual([]);
  expect(crossings("dead-lettered")).toEqual([]);
});

test("what the canary failed on and the stable version handled fell back, once", () => {
  const both = [attempt(canary, "failed"), attempt(canary, "failed"), attempt(stable, "handled")];
  expect(crossings("handled", ...both)).toEqual([`fallback ${canary}`]);
});

test("what both failed on is the message's fault, told of the version it was meant for", () => {
  const both = [attempt(canary, "failed"), attempt(stable, "failed"), attempt(stable, "failed")];
  expect(crossings("dead-lettered", ...both)).toEqual([`at-fault ${canary}`]);
});

test("what another version was asked in its stead is overflow, also where that one fails", () => {
  expect(crossings("handled", attempt(stable, "handled", canary))).toEqual([`overflow ${canary}`]);
  const tried = [attempt(stable, "failed", canary), attempt(stable, "failed", canary)];
  expect(crossings("dead-lettered", ...tried)).toEqual([`overflow ${canary}`]);
});
