import type { LaneStatus } from "@caxton/contracts/lane-status";
import { describe, expect, it } from "vitest";
import { pullWaits, relayWaits } from "./lane-waits.ts";

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
const full = { code: "inbox-full", message: "sink is full", sinceMs: 1 };

describe("who waits for what", () => {
  it("is nobody where routers pull and outputs flow", () => {
    const flowing: LaneStatus = { ...lane, relay: [{ target: "outbox", behind: 3 }] };
    expect(pullWaits([flowing], 10)).toEqual([]);
    expect(relayWaits([flowing]).size).toBe(0);
  });

  it("is a router that waits while messages do, together with those that wait for the same", () => {
    const waiting: LaneStatus = { ...lane, state: "waiting", reason };
    const other = { code: "outcomes-full", message: "they are full" };
    const lanes = [waiting, lane, { ...waiting, router: "r2" }, { ...waiting, router: "r3", reason: other }];
    expect(pullWaits(lanes, 1)).toEqual([
      { who: "r1, r2", ...reason },
      { who: "r3", ...other },
    ]);
    expect(pullWaits(lanes, 0)).toEqual([]);
  });

  it("is a lane of the relay whose target does not take outputs, as whoever relays now says", () => {
    const before: LaneStatus = { ...lane, relay: [{ target: "attic", behind: 3, waitsFor: full }] };
    const now: LaneStatus = { ...lane, router: "r2", atMs: 5, relay: [{ target: "sink", behind: 3, waitsFor: full }] };
    expect([...relayWaits([now, before, lane])]).toEqual([["sink", full]]);
  });
});
