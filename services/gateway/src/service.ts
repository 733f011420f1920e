import type { Bus } from "@caxton/bus/types";
import { AgentDeployment } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import { AgentMessages } from "@caxton/contracts/gen/caxton/v1/messages_pb.js";
import { Operations } from "@caxton/contracts/gen/caxton/v1/operations_pb.js";
import type { EventStore } from "@caxton/event-store/port";
import { createHealth, type Health, requireBus } from "@caxton/service/health";
import type { Logger } from "@caxton/telemetry/logger";
import { Metrics } from "@caxton/telemetry/registry";
import type { ConnectRouter } from "@connectrpc/connect";
import { fastifyConnectPlugin } from "@connectrpc/connect-fastify";
import fastify from "fastify";
import { artifactRoutes } from "./artifact-routes.ts";
import { startCommandSender } from "./command-sender.ts";
import { documentRoutes } from "./document-routes.ts";
import { mapErrors } from "./error-mapping.ts";
import { healthRoutes } from "./health-routes.ts";
import { inboxRoutes } from "./inbox-routes.ts";
import { type ListenAddress, type Listener, listenGrpc, listenHttp } from "./listeners.ts";
import { startProjection } from "./projection.ts";
import { abApi } from "./rpc/ab-api.ts";
import { agentsApi } from "./rpc/agents-api.ts";
import type { ApiContext } from "./rpc/api-context.ts";
import { commandsApi } from "./rpc/commands-api.ts";
import { deploymentsApi } from "./rpc/deployments-api.ts";
import { explanationsApi } from "./rpc/explanations-api.ts";
import { freezeApi } from "./rpc/freeze-api.ts";
import { lettersApi } from "./rpc/letters-api.ts";
import { messagesApi } from "./rpc/messages-api.ts";
import { operationsApi } from "./rpc/operations-api.ts";
import { outputsApi } from "./rpc/outputs-api.ts";
import { redriveApi } from "./rpc/redrive-api.ts";
import { queueApi } from "./rpc/queue-api.ts";
import { shadowsApi } from "./rpc/shadows-api.ts";
import { undeployApi } from "./rpc/undeploy-api.ts";

/** Largest request of the API; artifacts come by another way. */
const requestMaxBytes = 16 * 1024 * 1024;

export interface GatewayOptions {
  readonly bus: Bus;
  readonly eventStore: EventStore;
  readonly log: Logger;
  readonly id: string;
  readonly http: ListenAddress;
  readonly grpc: ListenAddress;
  /** Who the gateway's commands come from, as it stands in their subject; `gateway` unless given. */
  readonly principal?: string;
  /** What `/readyz` and `/metrics` tell; the gateway's own unless given. */
  readonly health?: Health;
  /** How long an orchestrator may take to answer a command; 10 000 unless given. */
  readonly answerTimeoutMs?: number;
  /** What nats-server may set aside for streams in all, where that is known; for `caxton doctor`. */
  readonly busStorageMaxBytes?: number;
}

export interface Gateway {
  readonly httpUrl: string;
  readonly grpcUrl: string;
  /** What is served over HTTP, as `PUT /artifacts/:digest`. */
  readonly routes: readonly string[];
  close(): Promise<void>;
}

/**
 * The edge: the API over Connect, JSON and gRPC, and uploads. It changes nothing itself: what is asked becomes a command on
 * the bus, what is shown is folded from the event store.
 * @throws CaxtonError `invalid-argument` where a port is taken
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { bus, eventStore, log, principal = "gateway", answerTimeoutMs = 10_000 } = options;
  const commands = await startCommandSender(bus, { principal, answerTimeoutMs });
  const projection = startProjection(eventStore, log);
  const shutdown = new AbortController();
  const { busStorageMaxBytes } = options;
  const known = busStorageMaxBytes === undefined ? {} : { busStorageMaxBytes };
  const connect = {
    routes: apiRoutes({ bus, eventStore, projection, commands, ...known }),
    interceptors: [mapErrors(log)],
    // A misspelled field must not be taken for one that was left out.
    jsonOptions: { ignoreUnknownFields: false },
    readMaxBytes: requestMaxBytes,
    shutdownSignal: shutdown.signal,
  };

  const app = fastify({ forceCloseConnections: true });
  const routes: string[] = [];
  app.addHook("onRoute", ({ method, url }) => void routes.push(`${String(method)} ${url}`));
  await app.register(fastifyConnectPlugin, connect);
  await app.register(artifactRoutes(bus, log));
  await app.register(inboxRoutes(bus, projection, log));
  await app.register(documentRoutes);
  const health = options.health ?? createHealth(new Metrics());
  const projectionLeft = health.require("gateway", () => (projection.caughtUp ? [] : ["still reading history"]));
  if (options.health === undefined) requireBus(health, "gateway", bus);
  await app.register(healthRoutes(health));

  const listeners: Listener[] = [];
  async function close(): Promise<void> {
    shutdown.abort();
    projectionLeft();
    await Promise.all(listeners.map((listener) => listener.close()));
    await projection.close();
    await commands.close();
  }
  try {
    const http = await listenHttp(app, options.http);
    listeners.push(http);
    const grpc = await listenGrpc(connect, options.grpc);
    listeners.push(grpc);
    log.info({ event: "listening", http: http.url, grpc: grpc.url }, "listening");
    return { httpUrl: http.url, grpcUrl: grpc.url, routes, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function apiRoutes(context: ApiContext): (router: ConnectRouter) => void {
  return (router) => {
    router.service(AgentDeployment, {
      ...commandsApi(context),
      ...deploymentsApi(context),
      ...explanationsApi(context),
      ...agentsApi(context),
      ...queueApi(context),
      ...freezeApi(context),
      ...undeployApi(context),
      ...messagesApi(context),
      ...shadowsApi(context),
      ...abApi(context),
    });
    router.service(AgentMessages, { ...lettersApi(context), ...outputsApi(context), ...redriveApi(context) });
    router.service(Operations, operationsApi(context));
  };
}
