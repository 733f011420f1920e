import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DeploymentEvent } from "./event.ts";
import { evolve } from "./evolve.ts";
import { next } from "./next.ts";
import { walk } from "./specification/walk.ts";
import { sameValue } from "./same-value.ts";

const life = fc.array(fc.nat(), { maxLength: 40, size: "max" }).map((choices) => walk(choices));
const inherited = fc.constantFrom("constructor", "__proto__", "toString", "hasOwnProperty");
const anyId = fc.oneof(fc.string(), inherited, fc.uuid());

/** An event of some life, about a deployment of no life. */
const aboutNobody = fc
  .tuple(
    life.filter(({ events }) => events.length > 0),
    fc.nat(),
    anyId,
  )
  .map(([{ events }, pick, deployment]) => ({ ...events[pick % events.length], deployment }) as DeploymentEvent)
  .filter(({ type }) => type !== "DeploymentRequested");

describe("evolve", () => {
  it("changes nothing on a fact about a deployment nobody asked for", () => {
    fc.assert(fc.property(life, aboutNobody, ({ state }, event) => evolve(state, event) === state));
  });

  it("changes nothing on a type of event that came later than this code", () => {
    const later = fc.record({
      type: anyId,
      deployment: anyId,
      commandId: anyId,
      atMs: fc.integer(),
      more: fc.jsonValue(),
    });
    fc.assert(
      fc.property(life, later, fc.nat(), ({ state }, event, pick) => {
        const ids = Object.keys(state.deployments);
        const known = { ...event, deployment: ids[pick % ids.length] ?? event.deployment };
        return [event, known].every((one) => evolve(state, one as DeploymentEvent) === state);
      }),
    );
  });

  it("takes any event in any order without a throw, and so does what asks for effects", () => {
    const shuffled = life.chain(({ events }) => fc.shuffledSubarray([...events]));
    const ran = fc.check(
      fc.property(life, shuffled, ({ state }, events) => {
        next(events.reduce(evolve, state));
      }),
    );
    expect(ran.failed).toBe(false);
  });

  it("leaves the state that it was given as it was", () => {
    fc.assert(
      fc.property(life, ({ strides }) => {
        const copies = strides.map(({ before }) => structuredClone(before));
        return strides.every(({ before, decision }, index) => {
          if (decision.ok) decision.events.reduce(evolve, before);
          return sameValue(before, copies[index]);
        });
      }),
      { numRuns: 30 },
    );
  });

  it("takes a request only once", () => {
    fc.assert(
      fc.property(life, ({ events, state }) =>
        events.filter(({ type }) => type === "DeploymentRequested").every((event) => evolve(state, event) === state),
      ),
    );
  });
});
