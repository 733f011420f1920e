import { walk } from "@caxton/deployment/specification/walk";
import type { DeploymentEvent } from "@caxton/deployment/event";
import { evolve } from "@caxton/deployment/evolve";
import { initialState } from "@caxton/deployment/state";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deploymentEventSchemas, schemasMatchDomain } from "./deployment-event.ts";
import { readDeploymentEvent, writeDeploymentEvent } from "./event-upcast.ts";

const lives = fc.array(fc.nat(), { maxLength: 80, size: "max" }).map((choices) => walk(choices));

/** As the event store keeps it: the type beside the data, the data as JSON. */
function stored(event: DeploymentEvent) {
  const { data, ...rest } = writeDeploymentEvent(event);
  return { ...rest, data: JSON.parse(JSON.stringify(data)) as unknown };
}

describe("a stored event", () => {
  it("of any life comes back as it was decided", () => {
    const types = new Set<string>();
    fc.assert(
      fc.property(lives, ({ events }) => {
        for (const { type } of events) types.add(type);
        expect(events.map((event) => readDeploymentEvent(stored(event)))).toEqual(events);
      }),
      { numRuns: 500, seed: 1 },
    );
    expect([...types].toSorted()).toEqual(Object.keys(deploymentEventSchemas).toSorted());
  });

  it("of any life folds into the state that was served", () => {
    fc.assert(
      fc.property(lives, ({ events, state }) => {
        const read = events.map((event) => readDeploymentEvent(stored(event))).filter((event) => event !== undefined);
        expect(read.reduce(evolve, initialState)).toEqual(state);
      }),
      { numRuns: 30 },
    );
  });

  it("may have fields that came later", () => {
    const event: DeploymentEvent = { type: "DeploymentCompleted", deployment: "d", atMs: 1, commandId: "c" };
    const more = stored(event);
    expect(readDeploymentEvent({ ...more, data: { ...event, mood: "good" } })).toMatchObject(event);
  });

  it("is not written where it could not be read back", () => {
    const event: DeploymentEvent = {
      type: "VersionReady",
      deployment: "d",
      version: "v",
      startMs: NaN,
      atMs: 1,
      commandId: "c",
    };
    expect(() => writeDeploymentEvent(event)).toThrow("event VersionReady at /startMs: must be number");
  });

  it("of a type that came later is nothing to this code", () => {
    expect(readDeploymentEvent({ type: "DeploymentFrozen", schemaVersion: 9, data: null })).toBeUndefined();
    expect(readDeploymentEvent({ type: "constructor", schemaVersion: 1, data: {} })).toBeUndefined();
  });

  it("of a deployment from before there was concurrency has 1", () => {
    const requested = walk([0, 0, 0]).events.find(({ type }) => type === "DeploymentRequested");
    if (requested?.type !== "DeploymentRequested") throw new Error("a life without a request");
    const { type, concurrency: _later, ...data } = requested;
    expect(readDeploymentEvent({ type, schemaVersion: 1, data })).toMatchObject({ ...data, concurrency: 1 });
    expect(() => readDeploymentEvent({ type, schemaVersion: 2, data })).toThrow("'concurrency'");
  });

  it("of a rollback from before there were verdicts was asked for by a person, when it was decided", () => {
    const data = { deployment: "d", reason: "wrong build", actor: "alice", atMs: 5, commandId: "c" };
    const read = readDeploymentEvent({ type: "RollbackStarted", schemaVersion: 1, data });
    expect(read).toEqual({ type: "RollbackStarted", ...data, cause: "manual", sinceMs: 5 });
  });

  it("at a schema version that came later says to upgrade", () => {
    const read = () =>
      readDeploymentEvent({ type: "DeploymentCompleted", schemaVersion: 2, data: { deployment: "d" } });
    expect(read).toThrow(
      expect.objectContaining({
        code: "internal",
        message: "event DeploymentCompleted has schema version 2, this program knows up to 1; upgrade it",
      }),
    );
  });

  it.each([
    [{ deployment: "d", atMs: "noon", commandId: "c" }, "event DeploymentCompleted at /atMs: must be number"],
    [{ atMs: 1, commandId: "c" }, "event DeploymentCompleted: must have required property 'deployment'"],
    [[], "event DeploymentCompleted has no object as data"],
    [null, "event DeploymentCompleted has no object as data"],
    ["{}", "event DeploymentCompleted has no object as data"],
  ])("damaged as %j says where", (data, message) => {
    const read = () => readDeploymentEvent({ type: "DeploymentCompleted", schemaVersion: 1, data });
    expect(read).toThrow(expect.objectContaining({ code: "internal", message }));
  });

  it("takes its type from the store, not from its data", () => {
    const data = { type: "VersionStopped", deployment: "d", atMs: 1, commandId: "c" };
    expect(readDeploymentEvent({ type: "DeploymentCompleted", schemaVersion: 1, data })?.type).toBe(
      "DeploymentCompleted",
    );
  });
});

describe("schemas and domain", () => {
  it("say the same, which the compiler checks where this constant is made", () => {
    expect(schemasMatchDomain).toEqual([true, true]);
  });
});
