import type { AgentStatus, VersionStatus } from "@caxton/contracts/system-status";
import { describe, expect, it } from "vitest";
import { checkAgents } from "./agents.ts";
import { checkServices } from "./services.ts";

const version: VersionStatus = {
  version: "proc-v1-7f8d9",
  share: 1,
  wanted: 2,
  ready: 2,
  starting: 0,
  failed: 0,
  restarts: 0,
};
const inbox = { epoch: "1", messages: 9, bytes: 10, maxBytes: 1_000, lastSequence: 9, waiting: 0, inFlight: 0 };
const healthy: AgentStatus = {
  agent: "proc",
  activeVersion: "proc-v1-7f8d9",
  queued: 0,
  routeRevision: 3,
  appliedRouteRevision: 3,
  versions: [version],
  inbox,
  perSecond: 10,
  errorRate: 0,
  attempts: 600,
  deadLettered: 4,
  faults: [],
  relay: [{ target: "outbox", behind: 100, oldestMs: 900 }],
  waits: [],
};

const found = (change: Partial<AgentStatus>): readonly string[] =>
  checkAgents([{ ...healthy, ...change }]).map(({ check, result, seen }) => `${result} ${check}: ${seen}`);

describe("what stands out about an agent", () => {
  it("is nothing where all is well, dead letters of the past included", () => {
    expect(found({})).toEqual(["ok agents: 1 agent, nothing stands out"]);
  });

  it.each<[string, Partial<AgentStatus>, string]>([
    [
      "a version without instances",
      { versions: [{ ...version, ready: 0, failed: 1, reason: "start-failed:\n no" }] },
      "problem instances: 0 of 2 instances of proc-v1-7f8d9 are ready (start-failed: no); its messages wait",
    ],
    [
      "too few instances",
      { versions: [{ ...version, ready: 1, starting: 1 }] },
      "warning instances: 1 of 2 instances of proc-v1-7f8d9 are ready",
    ],
    [
      "instances that end again and again",
      { versions: [{ ...version, restarts: 3 }] },
      "warning instances: 2 of 2 instances of proc-v1-7f8d9 are ready, after 3 restarts",
    ],
    [
      "a route that is not followed",
      { appliedRouteRevision: 2 },
      "warning routes: route revision 3 is not acknowledged by every router (last: 2)",
    ],
    [
      "a queue that waits",
      { inbox: { ...inbox, waiting: 5, inFlight: 2, oldestWaitingMs: 11_000 } },
      "warning queue: 5 messages wait (2 held by routers), the oldest for 11 s",
    ],
    [
      "a queue that waits for long",
      { inbox: { ...inbox, waiting: 1, inFlight: 1, oldestWaitingMs: 600_000 } },
      "problem queue: 1 message waits (1 held by routers), the oldest for 10 min",
    ],
    [
      "an inbox that is nearly full",
      { inbox: { ...inbox, bytes: 920 } },
      "warning queue: the inbox is 92 % full (920 of 1000 bytes); a full one refuses producers (inbox-full)",
    ],
    ["errors", { errorRate: 0.0625 }, "warning errors: 6.3 % of 600 attempts failed in the last minute"],
    ["many errors", { errorRate: 0.5 }, "problem errors: 50.0 % of 600 attempts failed in the last minute"],
    [
      "what the ledger cannot account for",
      { faults: [{ code: "inbox-behind", message: "the inbox ends at 3" }] },
      "problem ledger: the inbox ends at 3 (inbox-behind)",
    ],
    [
      "outputs that are not carried on",
      { relay: [{ target: "sink", behind: 1, oldestMs: 20_000 }] },
      "warning relay: the lane to sink is 1 outcome behind, the oldest for 20 s",
    ],
    [
      "a lane to an agent that nobody deployed, at once",
      { relay: [{ target: "attic", behind: 9, waitsFor: { code: "unknown-agent", message: "attic has no inbox" } }] },
      "warning relay: the lane to attic is 9 outcomes behind: attic has no inbox (unknown-agent)",
    ],
    [
      "routers that wait",
      { waits: [{ who: "router-1, router-2", code: "no-instance", message: "nobody answers" }] },
      "warning lanes: nothing is taken out of the inbox by router-1, router-2: nobody answers (no-instance)",
    ],
    [
      "outcomes that are nearly full",
      { outcomes: { messages: 960, bytes: 10, maxBytes: -1, maxMessages: 1_000 } },
      "problem outcomes: the outcomes are 96 % full (960 of 1000 messages); when they are full nothing of proc is decided (outcomes-full), and nothing lost",
    ],
    [
      "routers that hold what they decided",
      { waits: [{ who: "router-1", code: "outcomes-full", message: "CAXTON_OUTCOME_proc is full" }] },
      "problem lanes: nothing is taken out of the inbox by router-1: CAXTON_OUTCOME_proc is full (outcomes-full)",
    ],
  ])("is %s", (_what, change, wanted) => {
    expect(found(change)).toEqual([wanted]);
  });

  it("always comes with what to do and whose it is", () => {
    const findings = checkAgents([{ ...healthy, errorRate: 1, appliedRouteRevision: 0 }]);
    expect(findings.map(({ agent }) => agent)).toEqual(["proc", "proc"]);
    for (const { advice } of findings) expect(advice).not.toBe("");
  });

  it.each([
    ["attic", "unknown-agent", /^deploy attic: what proc says to attic waits and is not lost; .* proc stands still$/],
    ["sink", "inbox-full", /^`caxton get sink` shows what fills CAXTON_INBOX_sink: /],
    ["outbox", "inbox-full", /^`caxton get proc` shows which consumer of the outbox is behind/],
  ])("says what to do about the lane to %s (%s)", (target, code, advice) => {
    const relay = [{ target, behind: 1, waitsFor: { code, message: "" } }];
    expect(checkAgents([{ ...healthy, relay }])[0]?.advice).toMatch(advice);
  });

  it("is no error rate where too little was tried, no route that is on its way, no version that left", () => {
    expect(found({ errorRate: 1, attempts: 19 })).toHaveLength(1);
    const rollout = { deployment: "d", version: "v", state: "Deploying" };
    expect(found({ appliedRouteRevision: 2, rollout })[0]).toMatch(/^ok/);
    expect(found({ versions: [{ ...version, share: 0, ready: 0 }] })[0]).toMatch(/^ok/);
  });
});

describe("the services", () => {
  const kinds = ["agent-host", "gateway", "ledger", "metrics-watcher", "orchestrator", "router", "shadow", "validator"];
  const running = kinds.map((kind) => ({ kind, id: `${kind}-1`, pid: 1, startedAtMs: 0 }));

  it("are counted", () => {
    const [router] = running.filter(({ kind }) => kind === "router");
    expect(checkServices(router === undefined ? [] : [...running, { ...router, id: "router-2" }])).toEqual([
      { check: "services", result: "ok", seen: expect.stringContaining("router 2"), advice: "" },
    ]);
  });

  it.each(kinds)("lack a %s", (kind) => {
    expect(checkServices(running.filter((one) => one.kind !== kind))).toEqual([
      {
        check: "services",
        result: "problem",
        seen: expect.stringContaining(`no ${kind} runs: `),
        advice: expect.stringContaining(`services/${kind}/src/main.ts`),
      },
    ]);
  });
});
