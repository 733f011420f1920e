import process from "node:process";
import { startAgentHost } from "@caxton/agent-host/service";
import { defaultAgentStreamSettings } from "@caxton/bus/agent-streams";
import { connectBus } from "@caxton/bus/connect";
import { ensureSystemStreams } from "@caxton/bus/system-streams";
import type { Bus } from "@caxton/bus/types";
import { toCaxtonError } from "@caxton/contracts/errors";
import { openEventStore } from "@caxton/event-store/open";
import type { EventStore } from "@caxton/event-store/port";
import { type Gateway, startGateway } from "@caxton/gateway/service";
import { startLedger } from "@caxton/ledger/service";
import { ledgerSettingsFromEnvironment } from "@caxton/ledger/settings";
import { startMetricsWatcher } from "@caxton/metrics-watcher/service";
import { defaultMaxQueued, startOrchestrator } from "@caxton/orchestrator/service";
import { startRouter } from "@caxton/router/service";
import { startShadow } from "@caxton/shadow/service";
import { shadowBehindMaxFromEnvironment } from "@caxton/shadow/settings";
import {
  agentStreamsFromEnvironment,
  artifactRetentionFromEnvironment,
  cacheRetentionFromEnvironment,
  hostLimitsFromEnvironment,
  maxQueuedFromEnvironment,
  traceShareFromEnvironment,
  validationsFromEnvironment,
} from "@caxton/service/environment";
import { createHealth, requireBus } from "@caxton/service/health";
import { announce } from "@caxton/service/presence";
import type { ProgramContext, RunningService } from "@caxton/service/program";
import { createLogger } from "@caxton/telemetry/logger";
import { measureProcess } from "@caxton/telemetry/process-metrics";
import { startTelemetry } from "@caxton/telemetry/telemetry";
import { defaultMaxConcurrent, startValidator } from "@caxton/validator/service";
import type { StandaloneOptions } from "./options.ts";

type Destination = NonNullable<Parameters<typeof createLogger>[0]["destination"]>;

/** A service that takes longer to close is left behind; it survives kill -9, so it survives that. */
const closeTimeoutMs = 4_000;

export interface RunningServices {
  readonly gateway: Gateway;
  close(): Promise<void>;
}

/** Every service in this process, each with a connection of its own; started so that nobody asks for one that is not there yet. */
export async function startServices(
  options: StandaloneOptions,
  { natsUrl, storageMaxBytes }: { readonly natsUrl: string; readonly storageMaxBytes: number | undefined },
  logDestination: Destination,
): Promise<RunningServices> {
  const closers: (() => Promise<void>)[] = [];
  const own = { service: "standalone", id: `standalone-${process.pid}` };
  const ownLog = createLogger({ ...own, level: options.logLevel, destination: logDestination });
  const telemetry = startTelemetry({ ...own, service: "deploy", log: ownLog, environment: process.env });
  const { metrics, spans } = telemetry;
  const health = createHealth(metrics);
  closers.push(() => telemetry.close());
  measureProcess(metrics);

  async function start<Service extends RunningService>(
    kind: string,
    starter: (context: ProgramContext) => Promise<Service>,
  ): Promise<Service> {
    const id = `${kind}-${process.pid}`;
    const log = createLogger({ service: kind, id, level: options.logLevel, destination: logDestination });
    const onError = (error: unknown): void => {
      const { code, message, stack } = toCaxtonError(error);
      log.error({ code, stack }, message);
    };
    const bus = await connectBus({ url: natsUrl, name: id, onError });
    closers.push(() => bus.close());
    requireBus(health, kind, bus);
    const traced = spans === undefined ? {} : { spans };
    const service = await starter({ bus, busUrl: natsUrl, log, id, health, ...traced });
    closers.push(() => service.close());
    const presence = await announce(bus, { kind, id, pid: process.pid, startedAtMs: Date.now() });
    closers.push(() => presence.close());
    return service;
  }

  async function close(): Promise<void> {
    for (const closer of closers.splice(0).toReversed()) await bounded(closer);
  }

  const { cacheDir, ackWaitMs, host } = options;
  const streams = agentStreamsFromEnvironment(defaultAgentStreamSettings);
  const behindMaxMs = shadowBehindMaxFromEnvironment();
  const ledgerSettings = ledgerSettingsFromEnvironment();
  const cacheRetentionMs = cacheRetentionFromEnvironment();
  const artifactRetentionMs = artifactRetentionFromEnvironment();
  const hostLimits = hostLimitsFromEnvironment();
  const maxConcurrent = validationsFromEnvironment(defaultMaxConcurrent);
  const maxQueued = maxQueuedFromEnvironment(defaultMaxQueued);
  try {
    await start("agent-host", async (context) => {
      await ensureSystemStreams(context.bus);
      return await startAgentHost({ ...context, cacheDir, cacheRetentionMs, ...hostLimits });
    });
    await start("validator", (context) => startValidator({ ...context, cacheDir, cacheRetentionMs, maxConcurrent }));
    await start("router", (context) => startRouter({ ...context, ackWaitMs, traceShare: traceShareFromEnvironment() }));
    await start("metrics-watcher", startMetricsWatcher);
    await start("ledger", (context) => startLedger({ ...context, ...ledgerSettings }));
    await start("shadow", (context) => startShadow({ ...context, behindMaxMs }));
    await start("orchestrator", (context) =>
      withEventStore(context.bus, options, (eventStore) =>
        startOrchestrator({ ...context, eventStore, streams, maxQueued, artifactRetentionMs }),
      ),
    );
    const gateway = await start("gateway", (context) =>
      withEventStore(context.bus, options, (eventStore) =>
        startGateway({
          ...context,
          eventStore,
          http: { host, port: options.httpPort },
          grpc: { host, port: options.grpcPort },
          ...(storageMaxBytes === undefined ? {} : { busStorageMaxBytes: storageMaxBytes }),
        }),
      ),
    );
    return { gateway, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function withEventStore<Service extends RunningService>(
  bus: Bus,
  options: StandaloneOptions,
  starter: (eventStore: EventStore) => Promise<Service>,
): Promise<Service> {
  const eventStore = await openEventStore(bus, options.eventStore);
  const service = await starter(eventStore);
  return {
    ...service,
    async close() {
      await service.close();
      await eventStore.close();
    },
  };
}

async function bounded(closer: () => Promise<void>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, closeTimeoutMs);
  await Promise.race([closer().catch(() => undefined), late]);
  clearTimeout(timer);
}
