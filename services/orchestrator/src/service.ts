import type { Bus } from "@caxton/bus/types";
import type { AgentStreamSettings } from "@caxton/bus/agent-streams";
import { ensureSystemStreams } from "@caxton/bus/system-streams";
import type { EventStore } from "@caxton/event-store/port";
import { keepTrying } from "@caxton/service/keep-trying";
import { storeProblems } from "@caxton/event-store/reachable";
import type { Health } from "@caxton/service/health";
import type { Logger } from "@caxton/telemetry/logger";
import { Metrics } from "@caxton/telemetry/registry";
import type { SpanSink } from "@caxton/telemetry/span";
import { Agents } from "./adapters/agents.ts";
import { refuseOversized, serveCommands } from "./adapters/commands.ts";
import { logTransitions } from "./adapters/transition-log.ts";
import { activeVersions, DeploymentMetrics } from "./adapters/deployment-metrics.ts";
import { traceDeployments } from "./adapters/deployment-traces.ts";
import { publishEvents } from "./adapters/publisher.ts";
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
  /** Most deployments of one agent that may wait. */
  readonly maxQueued?: number;
}

/**
 * A loop around the domain: read, decide, append, do what `next` says. It keeps nothing that is not in the store, so
 * several may run and any of them may die between two lines.
 */
export async function startOrchestrator(options: OrchestratorOptions): Promise<{ close(): Promise<void> }> {
  const { bus, eventStore, log, id } = options;
  const now = options.now ?? Date.now;
  const { streams = {} } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  await ensureSystemStreams(bus);

  let caughtUp = false;
  const { metrics } = options.health ?? { metrics: new Metrics() };
  const deploymentMetrics = new DeploymentMetrics(metrics);
  const agents = new Agents({
    eventStore,
    now,
    policy: { maxQueued: options.maxQueued ?? 100 },
    onChange: (agent, view) => {
      if (caughtUp) effects.sync(agent, view.state);
    },
    onAppended: ({ agent, events, before, after }) => {
      logTransitions(bus, log, agent, before, after);
      deploymentMetrics.appended(events, after);
    },
  });
  const effects = new Effects({ bus, agents, log, id, now, streams });

  const ready = Promise.withResolvers<void>();
  let afterPosition: string | undefined;
  async function follow(): Promise<void> {
    const from = afterPosition === undefined ? {} : { afterPosition };
    for await (const event of eventStore.subscribe({ signal, onCaughtUp: ready.resolve, ...from })) {
      const agent = agentOfStream(event.stream);
      if (agent !== undefined) agents.apply(agent, [event]);
      afterPosition = event.position;
    }
  }
  const following = keepTrying("following the event store", follow, { log, signal });
  await ready.promise;
  caughtUp = true;
  for (const agent of agents.names()) effects.sync(agent, agents.view(agent).state);

  const commands = { bus, agents, log, now, signal };
  const oversized = refuseOversized(commands);
  await oversized.ready;
  const work = [
    following,
    keepTrying("serving commands", () => serveCommands(commands), { log, signal }),
    keepTrying("publishing events", () => publishEvents({ bus, eventStore, now, signal }), { log, signal }),
  ];
  const endings = [
    metrics.gauge(
      "caxton_agent_version_active",
      "1 where the version is the agent's stable one, 0 on its way in or out.",
      () => activeVersions(agents.names().map((agent) => agents.view(agent).state)),
    ),
    options.health?.require("event-store", () => storeProblems(eventStore)),
  ];
  const { spans } = options;
  const traces = spans === undefined ? undefined : await traceDeployments({ bus, eventStore, spans, log, id, now });
  return {
    async close() {
      for (const end of endings) end?.();
      stopping.abort();
      await oversized.drain();
      await traces?.close();
      effects.close();
      await Promise.all(work);
    },
  };
}
