import { describe, expect, it } from "vitest";
import { parseTraceparent } from "./trace-context.ts";
import {
  deploymentSpanId,
  outputTrace,
  ownDeploymentTrace,
  ownMessageTrace,
  relaySpanId,
  routeSpanId,
} from "./trace-spans.ts";

const place = { agent: "a", epoch: "99", sequence: 7 };
const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";

describe("an output's trace", () => {
  it.each([
    ["01", true],
    ["00", false],
  ])("is its message's with flags %s, as a child of the relay's span", (flags, sampled) => {
    const { traceparent, tracestate } = outputTrace(
      { ...place, traceparent: `00-${traceId}-00f067aa0ba902b7-${flags}`, tracestate: "v=1" },
      2,
    );
    expect(parseTraceparent(traceparent)).toEqual({ traceId, spanId: relaySpanId(place, 2), sampled });
    expect(tracestate).toBe("v=1");
    expect(relaySpanId(place, 2)).not.toBe(relaySpanId(place, 1));
  });

  it("is none where the message had none", () => {
    expect(outputTrace(place, 0)).toEqual({});
  });
});

describe("the trace of a message that came without one", () => {
  const ids = Array.from({ length: 2_000 }, (_, index) => `order-${index}`);
  const chosen = (share: number) =>
    ids.filter((messageId) => ownMessageTrace({ ...place, messageId }, share).traceparent !== undefined);

  it("is made for none, for all, or for about a share of them", () => {
    expect(chosen(0)).toEqual([]);
    expect(chosen(1)).toEqual(ids);
    expect(chosen(0.1).length).toBeGreaterThan(120);
    expect(chosen(0.1).length).toBeLessThan(280);
  });

  it("is made for the same ones by everybody, and a greater share takes none of them back", () => {
    expect(chosen(0.1)).toEqual(chosen(0.1));
    expect(chosen(0.3)).toEqual(expect.arrayContaining(chosen(0.1)));
  });

  it("begins with the message's own span, and is another for another message of the same id", () => {
    const of = (sequence: number) =>
      parseTraceparent(ownMessageTrace({ ...place, sequence, messageId: "1" }, 1).traceparent);
    expect(of(7)).toMatchObject({ spanId: routeSpanId(place), sampled: true });
    expect(of(8)?.traceId).not.toBe(of(7)?.traceId);
  });
});

describe("the trace of a deployment whose command came without one", () => {
  it("has the command's id, and begins with the deployment's own span", () => {
    const id = "0192B0C4-7D5E-7A11-8C3D-2F4E5A6B7C8D";
    expect(parseTraceparent(ownDeploymentTrace(id, "d").traceparent)).toEqual({
      traceId: "0192b0c47d5e7a118c3d2f4e5a6b7c8d",
      spanId: deploymentSpanId("d"),
      sampled: true,
    });
    expect(ownDeploymentTrace("00000000-0000-0000-0000-000000000000", "d")).toEqual({});
  });
});
