import { describe, expect, it } from "vitest";
import { checkKept, checkMachine, type KeptFacts, type MachineFacts } from "./leftovers.ts";

const kept: KeptFacts = {
  livingHosts: ["host-1"],
  slots: [{ key: "proc.v1.0", host: "host-1.ab12" }],
  runningSpecs: [{ key: "proc.v1", deploymentState: "Running" }],
  strangers: [],
  unreadable: [],
};
const machine: MachineFacts = {
  hostname: "here",
  instances: [{ pid: 12, parentPid: 7, hasHost: true }],
  groups: [{ path: "/sys/fs/cgroup/caxton/7-ab", processes: 1, hasHost: true }],
};
const say = (findings: ReturnType<typeof checkKept>): readonly string[] =>
  findings.map(({ check, result, seen }) => `${result} ${check}: ${seen}`);

describe("what the buckets name", () => {
  it("is there", () => {
    expect(say(checkKept(kept))).toEqual(["ok keys: 1 slot and 1 running version have what they name"]);
  });

  it.each<[Partial<KeptFacts>, string]>([
    [
      { livingHosts: ["host-2"] },
      "warning slots: slot proc.v1.0 is held by host-1.ab12, which does not announce itself",
    ],
    [
      { runningSpecs: [{ key: "proc.v0", deploymentState: "Retired" }] },
      "warning versions: proc.v0 should run according to caxton-versions, but its deployment is Retired",
    ],
    [
      { runningSpecs: [{ key: "proc.v0", deploymentState: undefined }] },
      "warning versions: proc.v0 should run according to caxton-versions, but its deployment is unknown",
    ],
    [
      { strangers: [{ bucket: "caxton-routes", key: "gone" }] },
      "warning keys: caxton-routes has gone, of an agent that nothing is stored about",
    ],
    [
      { unreadable: ["caxton-versions proc.v1"] },
      "problem keys: caxton-versions proc.v1 cannot be read: it was written by another release or by hand",
    ],
  ])("is not with %j", (change, wanted) => {
    expect(say(checkKept({ ...kept, ...change }))).toEqual([wanted]);
  });
});

describe("processes and memory groups", () => {
  it("have their hosts", () => {
    expect(say(checkMachine(machine))).toEqual([
      "ok processes: 1 instance process and 1 memory group on here, each with its host",
    ]);
    expect(checkMachine(undefined)).toMatchObject([{ result: "ok" }]);
  });

  it.each<[Partial<MachineFacts>, string]>([
    [
      { instances: [{ pid: 12, parentPid: 1, hasHost: false }] },
      "problem processes: instance process 12 on here has no agent-host (its parent is 1)",
    ],
    [
      { groups: [{ path: "/g/7-ab", processes: 2, hasHost: false }] },
      "problem memory groups: /g/7-ab has 2 processes and no agent-host",
    ],
    [
      { groups: [{ path: "/g/7-ab", processes: 0, hasHost: false }] },
      "warning memory groups: /g/7-ab is empty and its agent-host is gone",
    ],
  ])("do not with %j", (change, wanted) => {
    expect(say(checkMachine({ ...machine, ...change }))).toEqual([wanted]);
  });
});
