import type { LaneStatus } from "@caxton/contracts/lane-status";
import { describe, expect, it } from "vitest";
import { laneWaits } from "./lane-waits.ts";

const lane: LaneStatus = {
  agent: "a",
  router: "r1",
  routeRevision: 1,
  state: "pulling",
  held: 0,
  versions: [],
  atMs: 0,
};
const reason = { code: "no-instance", message: "nobody answers" };

describe("who waits for what", () => {
  it("is nobody where routers pull and outputs flow", () => {
    expect(laneWaits([{ ...lane, relay: [{ target: "outbox", behind: 3 }] }], 10)).toEqual([]);
  });

  it("is a router that waits while messages do", () => {
    const waiting: LaneStatus = { ...lane, state: "waiting", reason };
    expect(laneWaits([waiting, lane], 1)).toEqual([{ who: "r1", ...reason }]);
    expect(laneWaits([waiting], 0)).toEqual([]);
  });

  it("is a lane of the relay whose target does not take outputs", () => {
    const full = { code: "inbox-full", message: "sink is full", sinceMs: 1 };
    expect(laneWaits([{ ...lane, relay: [{ target: "sink", behind: 3, waitsFor: full }] }], 0)).toEqual([
      { who: "the relay to sink (r1)", code: "inbox-full", message: "sink is full" },
    ]);
  });
});
