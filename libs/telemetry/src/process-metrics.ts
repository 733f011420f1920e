import { monitorEventLoopDelay } from "node:perf_hooks";
import process from "node:process";
import type { Metrics, Sample } from "./registry.ts";

/** Late by more than the resolution is what counts. */
const resolutionMs = 20;

/** What this process is like: memory, CPU, how late its event loop is since it was last asked. @returns how to end that */
export function measureProcess(metrics: Metrics): () => void {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  const one = (value: number): readonly Sample[] => [{ labels: {}, value }];
  const ends = [
    metrics.gauge("process_resident_memory_bytes", "Resident memory of the process.", () =>
      one(process.memoryUsage.rss()),
    ),
    metrics.gauge("process_start_time_seconds", "When the process began, Unix time.", () =>
      one(Math.round(performance.timeOrigin) / 1000),
    ),
    metrics.gauge("caxton_heap_used_bytes", "JavaScript heap in use.", () => one(process.memoryUsage().heapUsed)),
    metrics.gauge("caxton_event_loop_delay_seconds", "How late the event loop was since the last look.", () => {
      const late = (ns: number): number => (Number.isFinite(ns) ? Math.max(0, ns / 1e9 - resolutionMs / 1000) : 0);
      const samples = [
        { labels: { quantile: "0.5" }, value: late(delay.percentile(50)) },
        { labels: { quantile: "0.99" }, value: late(delay.percentile(99)) },
        { labels: { quantile: "1" }, value: late(delay.max) },
      ];
      delay.reset();
      return samples;
    }),
  ];
  return () => {
    delay.disable();
    for (const end of ends) end();
  };
}
