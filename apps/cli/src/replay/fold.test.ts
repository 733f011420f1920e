import { defaultLimits } from "@caxton/contracts/limits";
import { directPlan } from "@caxton/deployment/strategy";
import { expect, it } from "vitest";
import { asServed, foldEvent, nothingFolded } from "./fold.ts";

const requested = {
  type: "DeploymentRequested",
  schemaVersion: 1,
  revision: 0,
  data: {
    atMs: 1_000,
    commandId: "c1",
    actor: "ada",
    deployment: "d1",
    agent: "quake-watch",
    artifact: { digest: "00", sizeBytes: 1 },
    configuration: "{}",
    limits: defaultLimits,
    fingerprint: "ff",
    instances: 1,
    concurrency: 1,
    strategy: "direct",
    plan: directPlan(),
  },
};

it("makes of stored events what the domain makes of them", () => {
  const folded = foldEvent(nothingFolded, requested);
  expect(folded).toMatchObject({ revision: 0, events: 1, state: { agent: "quake-watch", queue: ["d1"] } });
  expect(asServed(folded.state)).not.toHaveProperty("rollout");
});

it("counts an event of a later type and changes nothing by it", () => {
  const before = foldEvent(nothingFolded, requested);
  const after = foldEvent(before, { type: "CanaryStarted", schemaVersion: 1, revision: 1, data: {} });
  expect(after).toEqual({ state: before.state, revision: 1, events: 2 });
});

it("refuses an event that is damaged", () => {
  const damaged = { ...requested, data: { ...requested.data, instances: "one" } };
  expect(() => foldEvent(nothingFolded, damaged)).toThrow("event DeploymentRequested at /instances: must be integer");
});
