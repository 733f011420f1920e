import { describe, expect, it } from "vitest";
import { parseTraceparent, sentTrace, tracestateMaxCharacters } from "./trace-context.ts";

const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
const span = "00f067aa0ba902b7";
const traceparent = `00-${trace}-${span}-01`;

describe("a traceparent", () => {
  it("is read by the W3C's rules", () => {
    expect(parseTraceparent(traceparent)).toEqual({ traceId: trace, spanId: span, sampled: true });
    expect(parseTraceparent(`cc-${trace}-${span}-00-more`)).toEqual({ traceId: trace, spanId: span, sampled: false });
  });

  it.each([
    "",
    "x",
    `ff-${trace}-${span}-01`,
    `00-${trace}-${span}-01-more`,
    `00-${"0".repeat(32)}-${span}-01`,
    `00-${trace}-${"0".repeat(16)}-01`,
    `cc-${trace}-${span}-00-${"m".repeat(100)}`,
  ])("is none where it is '%s'", (text) => expect(parseTraceparent(text)).toBeUndefined());
});

describe("what is carried on of a sender's trace", () => {
  it("is in the version we know, with what others keep in it", () => {
    const sent = { traceparent: `cc-${trace}-${span}-01-more`, tracestate: " vendor=1 " };
    expect(sentTrace(sent)).toEqual({ traceparent, tracestate: "vendor=1" });
  });

  it("is nothing without a traceparent", () => {
    expect(sentTrace({ traceparent: "no trace context", tracestate: "vendor=1" })).toEqual({});
    expect(sentTrace({ tracestate: "vendor=1" })).toEqual({});
  });

  it.each(["", "a\u0000b", "x".repeat(tracestateMaxCharacters + 1)])("leaves out the tracestate '%s'", (tracestate) => {
    expect(sentTrace({ traceparent, tracestate })).toEqual({ traceparent });
  });
});
