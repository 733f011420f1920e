import process from "node:process";
import { agentStreams } from "@caxton/bus/agent-streams";
import { keptBy } from "@caxton/bus/stream-config";
import type { StreamSpec } from "@caxton/contracts/stream-spec";
import { systemStreams } from "@caxton/contracts/system-streams";
import type { Bus, ServerReport } from "@caxton/bus/types";
import { hasCode, toCaxtonError } from "@caxton/contracts/errors";
import { agentStream } from "@caxton/contracts/names";
import { epochOf } from "@caxton/contracts/outcome";
import { inboxStream, relayBucket, routeBucket, routerConsumer } from "@caxton/contracts/subjects";
import type { Finding } from "@caxton/contracts/system-status";
import type { EventStore } from "@caxton/event-store/port";
import type { AgentView } from "../core/agent-view.ts";
import { checkAgents } from "../core/diagnosis/agents.ts";
import { checkKept, checkMachine, type KeptFacts } from "../core/diagnosis/leftovers.ts";
import { checkRoom, type RoomFacts } from "../core/diagnosis/room.ts";
import { checkNode, checkServer, checkStore, type StoreFacts } from "../core/diagnosis/server.ts";
import { checkServices } from "../core/diagnosis/services.ts";
import { checkStreams, type ConsumerFacts, type StreamFacts } from "../core/diagnosis/streams.ts";
import type { Projection } from "../projection.ts";
import { readMachine } from "./machine.ts";
import type { Placement } from "./placement.ts";
import { readSystem } from "./status.ts";

export interface DiagnoseContext {
  readonly bus: Bus;
  readonly eventStore: EventStore;
  readonly projection: Projection;
  /** What nats-server may set aside for streams in all, where that is known. */
  readonly busStorageMaxBytes?: number;
}

const storeTimeoutMs = 5_000;
/** How much room they have is for whoever makes them to say; below this they are of no use. */
const leastBytes = 1024 * 1024;
const least = { inboxMaxBytes: leastBytes, outcomesMaxBytes: leastBytes, outboxMaxBytes: leastBytes };

/** Every check. @throws CaxtonError `bus-unavailable`, `service-unavailable` while history is still being read */
export async function diagnose(context: DiagnoseContext, nowMs: number): Promise<readonly Finding[]> {
  const { bus, projection, eventStore, busStorageMaxBytes } = context;
  const views = projection.views();
  const [server, system, machine, store] = await Promise.all([
    bus.server(),
    readSystem(bus, projection, nowMs),
    readMachine(),
    readStore(eventStore, views),
  ]);
  // Only an agent that got as far as having an inbox has streams.
  const agents = system.agents.flatMap(({ agent, inbox }) => (inbox === undefined ? [] : [agent]));
  const wanted = [
    ...systemStreams,
    ...agents.flatMap((agent) => Object.values<StreamSpec>(agentStreams(agent, least))),
  ];
  const [streams, consumers] = await Promise.all([readStreams(bus, wanted), readOldConsumers(bus, agents)]);
  return [
    ...checkServer(server),
    checkRoom(roomOf(server, streams, agents, busStorageMaxBytes)),
    checkStore(store),
    checkNode(process.version),
    ...checkServices(system.services),
    ...checkStreams(
      streams,
      wanted.map((spec) => expectation(keptBy(server.version, spec))),
      consumers,
    ),
    ...checkAgents(system.agents),
    ...checkKept(keptOf(system.placement, views)),
    ...checkMachine(machine),
  ];
}

/** Another agent is taken to need what the largest so far does, the first what it would unless set otherwise. */
function roomOf(
  { version, account }: ServerReport,
  streams: readonly StreamFacts[],
  agents: readonly string[],
  busStorageMaxBytes: number | undefined,
): RoomFacts {
  const bytesOf = (wanted: readonly StreamSpec[]): number =>
    streams
      .filter(({ name }) => wanted.some((spec) => spec.name === name))
      .reduce((sum, { maxBytes }) => sum + Math.max(0, maxBytes), 0);
  const specsOf = (agent: string): readonly StreamSpec[] => Object.values<StreamSpec>(agentStreams(agent));
  const first = specsOf("first").reduce((sum, spec) => sum + Math.max(0, keptBy(version, spec).maxBytes), 0);
  const ofAccount = account !== undefined && account.storageMaxBytes > 0 ? account.storageMaxBytes : Infinity;
  const limitBytes = Math.min(ofAccount, busStorageMaxBytes ?? Infinity);
  return {
    reservedBytes: streams.reduce((sum, { maxBytes }) => sum + Math.max(0, maxBytes), 0),
    limitBytes: limitBytes === Infinity ? undefined : limitBytes,
    perAgentBytes: agents.length === 0 ? first : Math.max(...agents.map((agent) => bytesOf(specsOf(agent)))),
  };
}

async function readStreams(bus: Bus, wanted: readonly StreamSpec[]): Promise<readonly StreamFacts[]> {
  const infos = await Promise.all(wanted.map(({ name }) => bus.streams.info(name)));
  return infos.flatMap((info) =>
    info === undefined ? [] : [{ ...expectation(info.spec), retention: info.retention }],
  );
}

function expectation({ name, discard, maxBytes, maxMessageBytes, maxAgeMs = 0 }: StreamSpec): StreamFacts {
  return { name, retention: "limits", discard, maxBytes, maxMessageBytes, maxAgeMs };
}

/** Durable consumers that routers of an earlier life of an inbox left behind. */
async function readOldConsumers(bus: Bus, agents: readonly string[]): Promise<readonly ConsumerFacts[]> {
  const left = await Promise.all(
    agents.map(async (agent) => {
      const stream = inboxStream(agent);
      const info = await bus.streams.info(stream);
      if (info === undefined) return [];
      const current = routerConsumer(epochOf(info.createdAtMs));
      const consumers = await bus.streams.consumers(stream);
      return consumers
        .filter(({ name, durable }) => durable && name.startsWith(routerConsumer("")) && name !== current)
        .map(({ name }) => ({ stream, name }));
    }),
  );
  return left.flat();
}

/** Reads the beginning of an agent's history, or of a stream that is not there: an answer is an answer. */
async function readStore(store: EventStore, views: readonly AgentView[]): Promise<StoreFacts> {
  const startedMs = performance.now();
  const signal = AbortSignal.timeout(storeTimeoutMs);
  try {
    const events = store.read(agentStream(views[0]?.agent ?? "none"), { maxCount: 1, signal });
    await events[Symbol.asyncIterator]().next();
  } catch (error) {
    if (!hasCode(error, "stream-not-found")) return { failure: toCaxtonError(error).message };
  }
  return { readMs: performance.now() - startedMs };
}

function keptOf(placement: Placement, views: readonly AgentView[]): KeptFacts {
  const known = new Set(views.map(({ agent }) => agent));
  const states = new Map(
    views.flatMap(({ state }) => Object.values(state.deployments).map((one) => [one.deployment, one.state] as const)),
  );
  const { services, slots, specs, routes, checkpoints, unreadable } = placement;
  return {
    livingHosts: services.filter(({ kind }) => kind === "agent-host").map(({ id }) => id),
    slots: slots.map(({ key, status }) => ({ key, host: status.host })),
    runningSpecs: specs
      .filter(({ desired }) => desired === "running")
      .map(({ agent, version, deployment }) => ({
        key: `${agent}.${version}`,
        deploymentState: states.get(deployment),
      })),
    strangers: [
      ...routes.filter(({ agent }) => !known.has(agent)).map(({ agent }) => ({ bucket: routeBucket, key: agent })),
      ...checkpoints
        .filter(({ key }) => !known.has(key.split(".")[0] ?? ""))
        .map(({ key }) => ({ bucket: relayBucket, key })),
    ],
    unreadable,
  };
}
