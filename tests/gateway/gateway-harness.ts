import { randomUUID } from "node:crypto";
import { connectBus } from "@caxton/bus/connect";
import type { Bus } from "@caxton/bus/types";
import { AgentDeployment } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import { Operations } from "@caxton/contracts/gen/caxton/v1/operations_pb.js";
import { agentStream } from "@caxton/contracts/names";
import type { DeploymentEvent } from "@caxton/deployment/event";
import { openEventStore } from "@caxton/event-store/open";
import type { EventStore } from "@caxton/event-store/port";
import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { createLogger } from "../../libs/telemetry/src/logger.ts";
import { type Gateway, startGateway } from "../../services/gateway/src/service.ts";
import { type NatsServer, startNatsServer } from "../harness/nats-server.ts";

export type ApiClient = Client<typeof AgentDeployment>;

export interface GatewayUnderTest {
  readonly nats: NatsServer;
  readonly bus: Bus;
  readonly eventStore: EventStore;
  readonly gateway: Gateway;
  readonly connect: ApiClient;
  readonly grpc: ApiClient;
  readonly operations: Client<typeof Operations>;
  /** Resolves when the gateway shows them. */
  append(agent: string, events: readonly DeploymentEvent[]): Promise<void>;
  /** @param path from the root, such as `/healthz` */
  fetch(path: string, init?: RequestInit & { duplex?: "half" }): Promise<Response>;
  [Symbol.asyncDispose](): Promise<void>;
}

export const silent = createLogger({ service: "test", id: "test", level: "silent" });

/** The gateway on a real bus and event store; without any other service unless a server is given on which some run. */
export async function startGatewayUnderTest(answerTimeoutMs = 10_000, shared?: NatsServer): Promise<GatewayUnderTest> {
  const nats = shared ?? (await startNatsServer());
  const bus = await connectBus({ url: nats.url, name: "gateway-test" });
  const eventStore = await openEventStore(bus);
  const listen = { host: "127.0.0.1", port: 0 };
  const context = { bus, eventStore, log: silent, id: "gateway", answerTimeoutMs };
  const gateway = await startGateway({ ...context, http: listen, grpc: listen });
  const transport = createConnectTransport({ httpVersion: "1.1", baseUrl: gateway.httpUrl, useBinaryFormat: false });
  const connect = createClient(AgentDeployment, transport);
  const operations = createClient(Operations, transport);
  const grpc = createClient(AgentDeployment, createGrpcTransport({ baseUrl: gateway.grpcUrl }));
  async function shows(agent: string, revision: number): Promise<void> {
    const signal = AbortSignal.timeout(5_000);
    for (;;) {
      signal.throwIfAborted();
      const shown = await connect.listAgents({});
      if (shown.agents.some(({ name, revision: at }) => name === agent && at >= revision)) return;
    }
  }
  const revisions = new Map<string, number>();
  return {
    nats,
    bus,
    eventStore,
    gateway,
    connect,
    grpc,
    operations,
    async append(agent, events) {
      const before = revisions.get(agent);
      const stored = events.map((event) => {
        const { type, commandId } = event;
        const metadata = { actor: "test", commandId, causationId: commandId, correlationId: commandId };
        return { id: randomUUID(), type, schemaVersion: 1, data: event, metadata };
      });
      const { revision } = await eventStore.append(agentStream(agent), before ?? "no-stream", stored);
      revisions.set(agent, revision);
      await shows(agent, revision);
    },
    fetch: (path, init) => fetch(`${gateway.httpUrl}${path}`, init),
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await eventStore.close();
      await bus.close();
      if (shared === undefined) await nats.stop();
    },
  };
}
