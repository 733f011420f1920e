import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type HistoryEntry, HistoryEntrySchema } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import { expect, it } from "vitest";
import { alreadyLine, alreadyValue } from "./format/already.ts";
import type { DecisionVerb } from "./gateway-client.ts";
import { type Before, beforeOf } from "./so-before.ts";

const entry = (type: string, commandId: string, reason = ""): HistoryEntry =>
  create(HistoryEntrySchema, { type, commandId, actor: "ann", reason, at: timestampFromMs(1_764_000_000_000) });

function told(verb: DecisionVerb, before: Before | undefined): string {
  return before === undefined ? "it did" : alreadyLine(verb, "proc-v2", "proc", before);
}

const since = "since 2025-11-24T16:00:00.000Z by ann";

it.each<readonly [DecisionVerb, readonly HistoryEntry[], string]>([
  ["pause", [entry("RolloutPaused", "mine", "a ticket")], "it did"],
  ["pause", [entry("RolloutPaused", "hers", "a ticket")], `→ Paused already: proc-v2 of proc, ${since}: a ticket`],
  ["resume", [entry("RolloutPaused", "hers"), entry("RolloutResumed", "mine")], "it did"],
  [
    "resume",
    [entry("RolloutPaused", "his", "a ticket"), entry("RolloutResumed", "hers")],
    `→ Goes on already: proc-v2 of proc, ${since}`,
  ],
  ["resume", [entry("DeploymentRequested", "hers")], "→ Goes on already: proc-v2 of proc, it is not paused"],
  [
    "rollback",
    [entry("RollbackStarted", "hers", "no places"), entry("DeploymentRolledBack", "report")],
    `→ Taken back already: proc-v2 of proc, ${since}: no places`,
  ],
  ["rollback", [entry("RollbackStarted", "mine"), entry("DeploymentRolledBack", "report")], "it did"],
  ["abort", [entry("DeploymentRolledBack", "hers", "late")], `→ Taken back already: proc-v2 of proc, ${since}: late`],
  // Whatever else somebody does at the same time: each of these changes something, or is refused.
  ["promote", [entry("CanaryPromoted", "hers")], "it did"],
  // A history that does not say yet who did it.
  ["pause", [], "it did"],
])("%s, case %#", (verb, entries, expected) => {
  expect(told(verb, beforeOf(entries, verb, "mine"))).toBe(expected);
});

it("is for programs since when, by whom and why", () => {
  expect(alreadyValue(entry("RolloutPaused", "hers", "a ticket"))).toEqual({
    since: "2025-11-24T16:00:00.000Z",
    by: "ann",
    reason: "a ticket",
  });
  expect(alreadyValue({})).toEqual({});
});
