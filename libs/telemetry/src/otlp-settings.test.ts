import { describe, expect, it } from "vitest";
import { otlpSettings } from "./otlp-settings.ts";

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
