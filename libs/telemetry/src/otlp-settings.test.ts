import { describe, expect, it } from "vitest";
import { otlpSettings } from "./otlp-settings.ts";
import { parseTraceparent } from "./trace-context.ts";

const base = "OTEL_EXPORTER_OTLP_ENDPOINT";

describe("where telemetry is sent", () => {
  it("is nowhere without an endpoint, or where it is switched off", () => {
    for (const environment of [{}, { [base]: "" }, { [base]: "http://c:4318", OTEL_SDK_DISABLED: "true" }]) {
      expect(otlpSettings(environment)).toEqual({ metricsEveryMs: 60_000, timeoutMs: 10_000 });
    }
  });

  it("follows the standard variables", () => {
    expect(otlpSettings({ [base]: "http://c:4318/otlp" })).toMatchObject({
      tracesUrl: "http://c:4318/otlp/v1/traces",
      metricsUrl: "http://c:4318/otlp/v1/metrics",
    });
    const traces = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://t/in", OTEL_METRICS_EXPORTER: "prometheus" };
    const settings = otlpSettings({ [base]: "http://c:4318", ...traces });
    expect([settings.tracesUrl, settings.metricsUrl]).toEqual(["https://t/in", undefined]);
  });

  it.each([
    { [base]: "c:4318" },
    { [base]: "http://c", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" },
    { [base]: "http://c", OTEL_TRACES_EXPORTER: "zipkin" },
    { OTEL_METRIC_EXPORT_INTERVAL: "often" },
  ])("refuses %j by name", (environment) => {
    const [name = ""] = Object.keys(environment).slice(-1);
    expect(() => otlpSettings(environment)).toThrow(new RegExp(`^${name} is '`));
  });
});

describe("a traceparent", () => {
  const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  const span = "00f067aa0ba902b7";
  it("is read by the W3C's rules", () => {
    expect(parseTraceparent(`00-${trace}-${span}-01`)).toEqual({ traceId: trace, spanId: span, sampled: true });
    expect(parseTraceparent(`cc-${trace}-${span}-00-more`)).toEqual({ traceId: trace, spanId: span, sampled: false });
  });
  it.each(["", "x", `ff-${trace}-${span}-01`, `00-${trace}-${span}-01-more`, `00-${"0".repeat(32)}-${span}-01`])(
    "is none where it is '%s'",
    (text) => expect(parseTraceparent(text)).toBeUndefined(),
  );
});
