import type { SlotStatus, VersionSpec } from "@caxton/contracts/placement";
import { describe, expect, it } from "vitest";
import { ratesOf, versionStatuses } from "./version-status.ts";

const limits = { memoryMaxBytes: 65_536, messageTimeoutMs: 1, startTimeoutMs: 100, outputMaxBytes: 1, p99MaxMs: 1 };
const spec = (version: string, desired: VersionSpec["desired"]): VersionSpec => ({
  agent: "proc",
  version,
  deployment: "d",
  digest: "x",
  configuration: "{}",
  limits,
  instances: 2,
  concurrency: 1,
  desired,
});
const slot = (version: string, status: Partial<SlotStatus>) => ({
  key: `proc.${version}.0`,
  agent: "proc",
  version,
  status: { host: "h", instance: "i", state: "ready" as const, restarts: 1, ...status },
});
const window = { failures: {}, lastAtMs: 0 };

describe("the versions of an agent", () => {
  it("are those the route names or that should run, with what runs of them", () => {
    const statuses = versionStatuses({
      targets: [
        { version: "v2", share: 0.1 },
        { version: "v1", share: 0.9 },
      ],
      specs: [spec("v0", "stopped"), spec("v1", "running"), spec("v3", "running")],
      slots: [slot("v1", {}), slot("v1", { state: "failed", reason: "trapped" }), slot("v0", {})],
      windows: [{ ...window, version: "v1", handled: 9, failed: 1, errorRate: 0.1, perSecond: 2 }],
    });
    const none = { ready: 0, starting: 0, failed: 0, restarts: 0 };
    expect(statuses).toEqual([
      {
        version: "v1",
        share: 0.9,
        wanted: 2,
        ready: 1,
        starting: 0,
        failed: 1,
        restarts: 2,
        reason: "trapped",
        perSecond: 2,
        errorRate: 0.1,
        attempts: 10,
      },
      { ...none, version: "v2", share: 0.1, wanted: 0 },
      { ...none, version: "v3", share: 0, wanted: 2 },
    ]);
  });

  it("have rates together", () => {
    const windows = [
      { ...window, version: "v1", handled: 8, failed: 2, errorRate: 0.2, perSecond: 1 },
      { ...window, version: "v2", handled: 10, failed: 0, errorRate: 0, perSecond: 2 },
    ];
    expect(ratesOf(windows)).toEqual({ attempts: 20, perSecond: 3, errorRate: 0.1 });
    expect(ratesOf([])).toEqual({ attempts: 0, perSecond: 0, errorRate: 0 });
  });
});
