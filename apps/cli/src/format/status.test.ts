import type { SystemStatus } from "@caxton/contracts/system-status";
import { describe, expect, it } from "vitest";
import { statusLines, up } from "./status.ts";
import { plain } from "./style.ts";

const status: SystemStatus = {
  asOfMs: 100_000,
  services: [{ kind: "router", id: "router-1", pid: 12, startedAtMs: 40_000 }],
  agents: [
    {
      agent: "proc",
      activeVersion: "proc-v1-7f8d9",
      queued: 2,
      routeRevision: 1,
      appliedRouteRevision: 1,
      versions: [
        {
          version: "proc-v1-7f8d9",
          share: 1,
          wanted: 2,
          ready: 1,
          starting: 1,
          failed: 0,
          restarts: 3,
          perSecond: 10.25,
          errorRate: 0.02,
          attempts: 615,
          p99LatencyMs: 17,
        },
      ],
      inbox: {
        epoch: "1",
        messages: 5_000,
        bytes: 2_048,
        maxBytes: -1,
        lastSequence: 5_000,
        waiting: 1_234,
        inFlight: 34,
        oldestWaitingMs: 7_000,
      },
      perSecond: 10.25,
      errorRate: 0.02,
      attempts: 615,
      deadLettered: 3,
      faults: [],
      relay: [{ target: "outbox", behind: 9 }],
      waits: [],
    },
  ],
  findings: [],
};

describe("the status", () => {
  it("says that all is well, then who runs, what waits and how versions do", () => {
    expect(statusLines(status, plain)).toEqual([
      "✓ Healthy: 1 service, 1 agent",
      "",
      "SERVICE  ID        PID    UP",
      "router   router-1   12  60 s",
      "",
      "AGENT  WAITING  HELD  OLDEST  PER SECOND  ERRORS  DEAD  RELAY     KEPT  ROLLOUT",
      "proc     1,234    34     7 s        10.3   2.00%     3      9  2.0 KiB  - (2 queued)",
      "",
      "VERSION        SHARE  READY  RESTARTS  PER SECOND  ERRORS    P99",
      "proc-v1-7f8d9   100%    1/2         3        10.3   2.00%  17 ms",
    ]);
  });

  it("says first what is wrong and what to do", () => {
    const findings: SystemStatus["findings"] = [
      { check: "services", result: "problem", seen: "no ledger runs", advice: "start one" },
      { check: "queue", result: "warning", seen: "1 message waits", advice: "wait", agent: "proc" },
    ];
    expect(statusLines({ ...status, findings }, plain).slice(0, 5)).toEqual([
      "✗ 1 problem, 1 warning: 1 service, 1 agent",
      "✗ services: no ledger runs",
      "  → start one",
      "! queue of proc: 1 message waits",
      "  → wait",
    ]);
  });

  it("says beside Healthy which version fails, and what to do", () => {
    const agents = status.agents.map((agent) => ({
      ...agent,
      versions: agent.versions.map((version) => ({ ...version, attempts: 3, errorRate: 1 })),
    }));
    expect(statusLines({ ...status, agents }, plain).slice(0, 4)).toEqual([
      "✓ Healthy: 1 service, 1 agent, but 1 version fails",
      "! errors of proc-v1-7f8d9: all of its 3 attempts failed in the last minute",
      "  → `caxton deadletter list proc` shows what could not be handled and why",
      "",
    ]);
  });

  it.each([
    [0, "0 s"],
    [119_000, "119 s"],
    [121_000, "2 min"],
    [7_300_000, "2.0 h"],
    [200_000_000, "2.3 d"],
  ])("calls %i ms %s", (ms, text) => {
    expect(up(ms)).toBe(text);
  });
});
