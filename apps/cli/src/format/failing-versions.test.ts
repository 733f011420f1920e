import type { AgentStatus } from "@caxton/contracts/system-status";
import { expect, it } from "vitest";
import { failingVersions } from "./failing-versions.ts";

const idle = { share: 1, wanted: 1, ready: 1, starting: 0, failed: 0, restarts: 0 };

function seen(rates: readonly (readonly [attempts: number, errorRate: number])[]): readonly string[] {
  const versions = rates.map(([attempts, errorRate], index) => ({
    ...idle,
    version: `v${index + 1}`,
    attempts,
    errorRate,
  }));
  return failingVersions(agentOf({ versions })).map((finding) => `${finding.check}: ${finding.seen}`);
}

function agentOf(change: Partial<AgentStatus>): AgentStatus {
  const counts = { queued: 0, routeRevision: 1, appliedRouteRevision: 1, perSecond: 0, errorRate: 0, attempts: 0 };
  return { agent: "proc", ...counts, versions: [], faults: [], relay: [], waits: [], ...change };
}

it("names a version that fails, also beside one that gets most of the messages and does not", () => {
  expect(
    seen([
      [1_000, 0],
      [20, 0.5],
    ]),
  ).toEqual(["errors of v2: 10 of its 20 attempts failed in the last minute"]);
  expect(seen([[1, 1]])).toEqual(["errors of v1: its one attempt failed in the last minute"]);
});

it("holds a high rate of few attempts against nobody unless it is half of them", () => {
  expect(
    seen([
      [19, 0.4],
      [19, 0.51],
      [20, 0.04],
      [20, 0.05],
      [0, 1],
    ]),
  ).toEqual([
    "errors of v2: 10 of its 19 attempts failed in the last minute",
    "errors of v4: 1 of its 20 attempts failed in the last minute",
  ]);
  expect(failingVersions(agentOf({ versions: [{ ...idle, version: "v1" }] }))).toEqual([]);
});

it("says of one on its way how it is judged, for the version before may handle what it fails on", () => {
  const rollout = { deployment: "d", version: "v2", state: "Deploying" };
  const versions = [{ ...idle, version: "v2", attempts: 4, errorRate: 1 }];
  expect(failingVersions(agentOf({ versions, rollout }))[0]?.advice).toBe(
    "`caxton explain v2` shows how it is judged; `caxton deadletter list proc` shows what could not be handled and why",
  );
});
