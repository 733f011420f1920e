import { decodeJson } from "@caxton/bus/json";
import type { Outcome } from "@caxton/contracts/outcome";
import {
  watchForgottenAfterMs,
  watchedStep,
  type WatchedStep,
  type WatchRequest,
} from "@caxton/contracts/watched-step";
import { defaultRules } from "@caxton/deployment/judging";
import { createLogger } from "@caxton/telemetry/logger";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { WatchedSteps } from "./watched-steps.ts";

const version = "quake-v2-22222";
const log = createLogger({ service: "metrics-watcher", id: "test", level: "silent" });
const request: WatchRequest = {
  deployment: "one",
  step: 2,
  version,
  stable: "quake-v1-11111",
  routeRevision: 5,
  sinceMs: Date.now(),
  rules: defaultRules.map((rule) => ({ ...rule })),
};
let said: WatchedStep[];
let isCurrent: boolean;
let steps: WatchedSteps;

beforeEach(() => {
  vi.useFakeTimers();
  said = [];
  isCurrent = true;
  steps = new WatchedSteps({
    bus: {
      publish: (_, data) => void said.push(watchedStep.check(decodeJson(data))),
      kv: () => Promise.reject(new Error("no rule asks for memory")),
    },
    log,
    watcher: "watcher-a",
    agent: "quake",
    isCurrent: () => isCurrent,
  });
});
afterEach(() => {
  steps.close();
  vi.useRealTimers();
});

function decide(result: "handled" | "failed", position: number): void {
  const attempt = { version, routeRevision: 5, result, latencyMs: 12 };
  const outcome: Outcome = {
    schemaVersion: 1,
    agent: "quake",
    epoch: "1",
    sequence: position,
    messageId: String(position),
    result: "handled",
    attempts: result === "handled" ? [attempt] : [attempt, { ...attempt, version: request.stable, result: "handled" }],
    outputs: [],
    hops: 0,
    receivedAtMs: Date.now(),
    decidedAtMs: Date.now(),
  };
  steps.add(outcome, position);
}

test("a step is spoken of four times a second until nobody asks any more", () => {
  expect([steps.ask(request), steps.ask(request)]).toEqual([true, false]);
  vi.advanceTimersByTime(1_000);
  expect(said).toHaveLength(4);
  steps.ask(request);
  vi.advanceTimersByTime(watchForgottenAfterMs);
  expect(said).toHaveLength(24);
  vi.advanceTimersByTime(60_000);
  expect(said).toHaveLength(24);
  expect(vi.getTimerCount()).toBe(0);
  // Who asks again wants it counted from the beginning.
  expect(steps.ask(request)).toBe(true);
});

test("a breach is said at once, and again for whoever missed it", () => {
  steps.ask(request);
  for (let position = 1; position <= 3; position += 1) decide("failed", position);
  expect(said).toMatchObject([{ verdict: { outcome: "fail" }, breachedAtMs: Date.now(), counts: { failed: 3 } }]);
  decide("failed", 4);
  expect(said).toHaveLength(1);
  vi.advanceTimersByTime(250);
  expect(said.slice(1)).toMatchObject([{ verdict: { outcome: "fail" }, counts: { failed: 4 } }]);
});

test("nothing passes while stored outcomes are still being read, and what was counted is not counted again", () => {
  isCurrent = false;
  steps.ask(request);
  for (let position = 1; position <= 100; position += 1) decide("handled", position);
  vi.advanceTimersByTime(250);
  isCurrent = true;
  for (let position = 90; position <= 120; position += 1) decide("handled", position);
  vi.advanceTimersByTime(250);
  expect(said.map(({ verdict, counts }) => [verdict.outcome, counts.handled])).toEqual([
    ["inconclusive", 100],
    ["pass", 120],
  ]);
});

test("what is asked otherwise is counted anew", () => {
  steps.ask(request);
  decide("handled", 1);
  expect(steps.ask({ ...request, routeRevision: 6 })).toBe(true);
  decide("handled", 2);
  vi.advanceTimersByTime(250);
  expect(said).toMatchObject([{ counts: { handled: 0 } }]);
});
