import { evolve } from "@caxton/deployment/evolve";
import type { DeploymentEvent, Fact } from "@caxton/deployment/event";
import {
  awaitsApproval,
  canaryRuns,
  canaryStarts,
  canaryWatched,
  version,
  wasApplied,
  wasSeen,
  wasTakenBack,
} from "@caxton/deployment/specification/history";
import { initialState } from "@caxton/deployment/state";
import { prometheusText } from "@caxton/telemetry/prometheus-text";
import { Metrics } from "@caxton/telemetry/registry";
import { expect, it } from "vitest";
import { DeploymentMetrics, gaugeRollouts } from "./deployment-metrics.ts";

/** What is exposed after these facts, a minute apart, as far as a line begins with one of `names`. */
async function exposed(facts: readonly Fact[], ...names: readonly string[]): Promise<readonly string[]> {
  const metrics = new Metrics();
  const counted = new DeploymentMetrics(metrics);
  let state = initialState;
  gaugeRollouts(metrics, () => [state]);
  for (const [at, fact] of facts.entries()) {
    const event: DeploymentEvent = { ...fact, atMs: at * 60_000, commandId: `c${at}` };
    const before = state;
    state = evolve(state, event);
    counted.appended({ agent: "processor", events: [event], before, after: state });
  }
  const lines = prometheusText(await metrics.collect()).split("\n");
  return lines.filter((line) => names.some((name) => line.startsWith(name)));
}

const v1 = 'version="v1",version_id="proc-v1-1f1f1"';
const v2 = 'version="v2",version_id="proc-v2-2e2e2"';

it("a canary that came through is a success of its strategy, and the one version is active", async () => {
  expect(
    await exposed(canaryRuns, "caxton_deployment_duration_seconds_count", "caxton_agent", "caxton_deployment_step"),
  ).toEqual([
    `caxton_agent_version_active{agent="processor",${v2}} 1`,
    'caxton_deployment_duration_seconds_count{strategy="direct",status="success"} 1',
    'caxton_deployment_duration_seconds_count{strategy="canary",status="success"} 1',
  ]);
});

it("a canary on its way says where it is, and what it waits for", async () => {
  const held = [...canaryWatched, wasSeen("inconclusive", "hold")];
  const names = ["caxton_agent", "caxton_deployment_step", "caxton_deployment_waiting"];
  const where = `agent="processor",strategy="canary",${v2}`;
  expect(await exposed(held, ...names)).toEqual([
    `caxton_agent_version_active{agent="processor",${v2}} 0`,
    `caxton_agent_version_active{agent="processor",${v1}} 1`,
    `caxton_deployment_step{${where}} 3`,
    `caxton_deployment_steps{${where}} 7`,
    `caxton_deployment_waiting{${where},reason="hold"} 1`,
    `caxton_deployment_waiting{${where},reason="pause"} 0`,
    `caxton_deployment_waiting{${where},reason="approval"} 0`,
  ]);
  const paused: Fact = { type: "RolloutPaused", deployment: "second", step: 2, actor: "alice", reason: "" };
  expect(await exposed([...canaryWatched, paused], `caxton_deployment_waiting{${where},reason="pause"}`)).toEqual([
    `caxton_deployment_waiting{${where},reason="pause"} 1`,
  ]);
  expect((await exposed(canaryStarts, "caxton_deployment_step{"))[0]).toMatch(/ 2$/);
  const asks = [...canaryWatched.slice(0, -1), awaitsApproval("second", 3), wasApplied("second", 2)];
  expect(version("second", 2)).toBe("proc-v2-2e2e2");
  expect(await exposed(asks, `caxton_deployment_waiting{${where},reason="hold"}`)).toEqual([
    `caxton_deployment_waiting{${where},reason="hold"} 0`,
  ]);
});

it("a rollback is counted by its cause when it begins; every cause there is begins at 0", async () => {
  const cause = "high_error_rate";
  const started: Fact = { ...wasTakenBack("second"), type: "RollbackStarted", cause } as Fact;
  const counts = await exposed([...canaryWatched, started], "caxton_deployment_rollback_total");
  expect(counts).toContain('caxton_deployment_rollback_total{reason="high_error_rate"} 1');
  expect(counts).toContain('caxton_deployment_rollback_total{reason="manual"} 0');
  expect(counts).toHaveLength(9);
  expect(await exposed([...canaryWatched, started], "caxton_deployment_step{")).toEqual([]);
});

it("a stage that the validator remembered is not counted as if it had been walked", async () => {
  const passed = (durationMs: number): Fact => ({
    type: "ValidationPassed",
    deployment: "second",
    version: version("second", 2),
    ordinal: 2,
    report: { durationMs, sandbox: { durationMs: 2_100, passed: true } },
  });
  const asked = canaryStarts.slice(0, -1);
  const name = "caxton_deployment_validation_time_seconds_sum";
  expect(await exposed([...asked, passed(2_200)], name)).toEqual([`${name}{stage="sandbox"} 2.1`]);
  expect(await exposed([...asked, passed(3)], name)).toEqual([]);
});
