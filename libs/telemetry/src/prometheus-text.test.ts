import { expect, it } from "vitest";
import { prometheusText } from "./prometheus-text.ts";
import { Metrics } from "./registry.ts";

it("writes metrics as Prometheus reads them: cumulative buckets, labels and help escaped", async () => {
  const metrics = new Metrics();
  const duration = metrics.histogram("caxton_deployment_duration_seconds", "Time.", [0.1, 1]);
  for (const seconds of [0.05, 0.1, 0.5, 7]) duration.observe({ strategy: "canary", status: "success" }, seconds);
  metrics.counter("a_total", "Back\\slash\nand line").add({ reason: 'said "no"\n' }, 2);
  expect(prometheusText(await metrics.collect())).toBe(
    [
      "# HELP a_total Back\\\\slash\\nand line",
      "# TYPE a_total counter",
      'a_total{reason="said \\"no\\"\\n"} 2',
      "# HELP caxton_deployment_duration_seconds Time.",
      "# TYPE caxton_deployment_duration_seconds histogram",
      'caxton_deployment_duration_seconds_bucket{strategy="canary",status="success",le="0.1"} 2',
      'caxton_deployment_duration_seconds_bucket{strategy="canary",status="success",le="1"} 3',
      'caxton_deployment_duration_seconds_bucket{strategy="canary",status="success",le="+Inf"} 4',
      'caxton_deployment_duration_seconds_sum{strategy="canary",status="success"} 7.65',
      'caxton_deployment_duration_seconds_count{strategy="canary",status="success"} 4',
      "",
    ].join("\n"),
  );
});

it("forgets series by some of their labels, and refuses more than there may be", async () => {
  const metrics = new Metrics();
  const messages = metrics.counter("messages_total", "Messages.");
  for (let n = 0; n < 2_001; n += 1) messages.add({ agent: `a${n}`, version: "v1" });
  const families = await metrics.collect();
  expect(families.find(({ name }) => name === "messages_total")?.samples).toHaveLength(2_000);
  expect(families.find(({ name }) => name === "caxton_telemetry_series_refused_total")?.samples).toEqual([
    { labels: { metric: "messages_total" }, value: 1 },
  ]);
  messages.forget({ version: "v1" });
  expect((await metrics.collect()).map(({ name }) => name)).toEqual(["caxton_telemetry_series_refused_total"]);
});
