import { randomUUID } from "node:crypto";
import { holdLease } from "@caxton/bus/hold-lease";
import { defaultLeaseTtlMs } from "@caxton/bus/lease";
import type { Bus } from "@caxton/bus/types";
import type { AgentStreamSettings } from "@caxton/bus/agent-streams";
import { toCaxtonError } from "@caxton/contracts/errors";
import { leaseBucket, workLeaseKey } from "@caxton/contracts/subjects";
import { ensureSystemStreams } from "@caxton/bus/system-streams";
import type { EventStore } from "@caxton/event-store/port";
import { keepTrying } from "@caxton/service/keep-trying";
import { Pulse } from "@caxton/service/pulse";
import { storeProblems } from "@caxton/event-store/reachable";
import type { Health } from "@caxton/service/health";
import type { Logger } from "@caxton/telemetry/logger";
import { Metrics } from "@caxton/telemetry/registry";
import type { SpanSink } from "@caxton/telemetry/span";
import type { AgentState } from "@caxton/deployment/state";
import { freezeStream } from "@caxton/contracts/freeze-event";
import { Agents } from "./adapters/agents.ts";
import { EarlierAnswers } from "./adapters/earlier-answers.ts";
import { Freezes } from "./adapters/freezes.ts";
import { refuseOversized, serveCommands } from "./adapters/commands.ts";
import { logDeployments } from "./adapters/deployment-log.ts";
import { DeploymentMetrics, gaugeRollouts } from "./adapters/deployment-metrics.ts";
import { traceDeployments } from "./adapters/deployment-traces.ts";
import { publishEvents } from "./adapters/publisher.ts";
import { countRedriven, gaugeRedrives } from "./adapters/redrive-metrics.ts";
import { keepArtifactsTidy, serveCodeRemovals } from "./adapters/removals.ts";
import { agentOfStream } from "@caxton/contracts/names";
import { Effects } from "./effects/effects.ts";

export interface OrchestratorOptions {
  readonly bus: Bus;
  readonly eventStore: EventStore;
  readonly log: Logger;
  readonly id: string;
  readonly now?: () => number;
  /** How an agent's streams are made, where not as usual. */
  readonly streams?: Partial<AgentStreamSettings>;
  /** Whether the store answers, and the metrics of deployments. */
  readonly health?: Health;
  /** Where the spans of deployments go; nowhere unless given. */
  readonly spans?: SpanSink;
  /** Most deployments of one agent that may wait; `defaultMaxQueued` unless given. */
  readonly maxQueued?: number;
  /** How long an artifact stays that no deployment needs; for ever unless given. */
  readonly artifactRetentionMs?: number;
}

export const defaultMaxQueued = 100;

/** An orchestrator at work of which nothing is heard for so long is replaced; looking for it takes up to a fifth more. */
const takeOverAfterMs = 1_000;

/**
 * A loop around the domain: read, decide, append, do what `next` says. It keeps nothing that is not in the store, so
 * several may run and any of them may die between two lines. One of them is at work at a time, so that nothing is done
 * twice; that it does no harm when it is all the same rests on expected revisions, not on the lease.
 */
export async function startOrchestrator(options: OrchestratorOptions): Promise<{ close(): Promise<void> }> {
  const { bus, eventStore, log, id } = options;
  const now = options.now ?? Date.now;
  const { streams = {} } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const readiness = { health: options.health, part: "orchestrator" };
  await ensureSystemStreams(bus);

  const { metrics } = options.health ?? { metrics: new Metrics() };
  const deploymentMetrics = new DeploymentMetrics(metrics);
  const freezes = new Freezes(eventStore, now);
  const { maxQueued = defaultMaxQueued } = options;
  const agents = new Agents({
    eventStore,
    now,
    policy: (agent) => ({ maxQueued, freezes: freezes.of(agent) }),
    onChange: (agent, view) => effects.sync(agent, view.state),
    onAppended: (appended) => {
      // After what follows from it, such as a route, has gone out at the end of this turn.
      setImmediate(() => {
        logDeployments(bus, log, appended);
        deploymentMetrics.appended(appended);
      });
    },
  });
  const effects = new Effects({ bus, agents, freezes, log, id, now, streams, redriven: countRedriven(metrics) });

  const ready = Promise.withResolvers<void>();
  let afterPosition: string | undefined;
  async function follow(): Promise<void> {
    const from = afterPosition === undefined ? {} : { afterPosition };
    for await (const event of eventStore.subscribe({ signal, onCaughtUp: ready.resolve, ...from })) {
      const agent = agentOfStream(event.stream);
      if (agent !== undefined) agents.apply(agent, [event]);
      else if (event.stream === freezeStream) freezes.apply(event);
      afterPosition = event.position;
    }
  }
  const following = keepTrying("following the event store", follow, { log, signal, readiness });
  await ready.promise;

  const earlier = new EarlierAnswers(bus);
  const commands = { bus, agents, freezes, earlier, log, now, signal };
  const passing = earlier.watch();
  const oversized = refuseOversized(commands);
  await Promise.all([passing.ready, oversized.ready]);
  const removals = { bus, agents, log, id, now };
  const codeRemovals = serveCodeRemovals(removals);
  const leases = await bus.kv(leaseBucket, { ttlMs: defaultLeaseTtlMs });
  /** Commands are decided by all; what follows from them is carried out, and published, by one. */
  const seat = holdLease(leases, {
    key: workLeaseKey,
    holderId: `${id}.${randomUUID().slice(0, 8)}`,
    ttlMs: takeOverAfterMs,
    async onAcquired(lease, held) {
      log.info({ event: "at-work" }, "carries out and publishes what is decided");
      const pulse = new Pulse(takeOverAfterMs);
      const atWork = AbortSignal.any([held, pulse.missed]);
      atWork.addEventListener("abort", () => effects.end(), { once: true });
      effects.begin(() => pulse.regular());
      const tidying = keepArtifactsTidy(removals, options.artifactRetentionMs, atWork);
      const publish = (): Promise<void> => publishEvents({ bus, eventStore, now, signal: atWork });
      await keepTrying("publishing events", publish, { log, signal: atWork, readiness });
      await tidying;
      pulse.stop();
      // Who stood still lets another go on, and may be next again.
      await lease.release();
    },
    onError: (error) => log.warn(`the work was given up: ${toCaxtonError(error).message}`),
  });
  const work = [following, keepTrying("serving commands", () => serveCommands(commands), { log, signal, readiness })];
  const states = (): readonly AgentState[] => agents.names().map((agent) => agents.view(agent).state);
  const endings = [
    gaugeRollouts(metrics, states),
    gaugeRedrives(bus, metrics, states),
    options.health?.require("event-store", () => storeProblems(eventStore)),
  ];
  const { spans } = options;
  const traces = spans === undefined ? undefined : await traceDeployments({ bus, eventStore, spans, log, id, now });
  return {
    async close() {
      for (const end of endings) end?.();
      stopping.abort();
      passing.close();
      await oversized.drain();
      await codeRemovals.drain();
      await traces?.close();
      await seat.close();
      await Promise.all(work);
    },
  };
}
