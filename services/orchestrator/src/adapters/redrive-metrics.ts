import { decodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { redriveRecord } from "@caxton/contracts/redrive";
import { redriveBucket, redriveKey } from "@caxton/contracts/subjects";
import { versionNames } from "@caxton/contracts/version-names";
import type { RedriveTally } from "@caxton/deployment/redrive";
import type { AgentState } from "@caxton/deployment/state";
import type { Metrics } from "@caxton/telemetry/registry";
import { type GaugeSample, redrivesUnderWay } from "../core/rollout-gauges.ts";

/** What one who redrives has come to with some messages of a version. */
export type CountRedriven = (agent: string, version: string, tally: RedriveTally) => void;

/** Every message is counted by the orchestrator that wrote down what became of it. */
export function countRedriven(metrics: Metrics): CountRedriven {
  const counter = metrics.counter(
    "caxton_redrive_messages_total",
    "Messages of a version that was taken back, by what a redrive came to with them.",
  );
  return (agent, version, tally) => {
    for (const [result, count] of Object.entries<number>({ ...tally }))
      counter.add({ agent, ...versionNames(version), result }, count);
  };
}

/** The redrives under way, and whether they wait for room; every orchestrator tells the same. @returns how to end that */
export function gaugeRedrives(bus: Bus, metrics: Metrics, states: () => readonly AgentState[]): () => void {
  const ends = [
    metrics.gauge("caxton_redrive_under_way", "1 while messages of the version are redriven.", () =>
      redrivesUnderWay(states()).map(({ labels }) => ({ labels, value: 1 })),
    ),
    metrics.gauge("caxton_redrive_waiting", "1 while that waits: too much is in the inbox, or nobody takes it.", () =>
      Promise.all(
        redrivesUnderWay(states()).map(async ({ labels, agent, deployment, number }): Promise<GaugeSample> => {
          const entry = await (await bus.kv(redriveBucket)).get(redriveKey(agent, deployment));
          const record = entry && redriveRecord.check(decodeJson(entry.value));
          const waits = record?.number === number && record.waiting !== undefined;
          return { labels, value: waits ? 1 : 0 };
        }),
      ),
    ),
  ];
  return () => {
    for (const end of ends) end();
  };
}
