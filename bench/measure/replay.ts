import { randomUUID } from "node:crypto";
import { connectBus } from "@caxton/bus/connect";
import { readDeploymentEvent } from "@caxton/contracts/event-upcast";
import { agentStream } from "@caxton/contracts/names";
import { evolve } from "@caxton/deployment/evolve";
import { type AgentState, initialState } from "@caxton/deployment/state";
import { openEventStore } from "@caxton/event-store/open";
import type { EventStore, RecordedEvent } from "@caxton/event-store/port";
import { startNatsServer } from "../../tests/harness/nats-server.ts";

export interface ReplayRates {
  /** Stored events a second, read back from the event store, checked against their schemas and folded. */
  readonly replayPerSecond: number;
  /** The same from memory. */
  readonly foldPerSecond: number;
}

const appendsInFlight = 64;

/** A real history, stored again under so many agents that it makes `total` events or more, then replayed and folded. */
export async function replayRates(history: readonly RecordedEvent[], total: number): Promise<ReplayRates> {
  await using server = await startNatsServer();
  const bus = await connectBus({ url: server.url, name: "bench" });
  const store = await openEventStore(bus);
  try {
    const agents = Math.ceil(total / history.length);
    for (let first = 0; first < agents; first += appendsInFlight) {
      const part = Array.from({ length: Math.min(appendsInFlight, agents - first) }, (_, at) => first + at);
      await Promise.all(part.map((n) => storeAgain(store, agentStream(`bench-${n}`), history)));
    }
    const startedMs = performance.now();
    const read = await readAll(store, agents * history.length);
    const replayMs = performance.now() - startedMs;
    const foldStartedMs = performance.now();
    foldAll(read);
    const foldMs = performance.now() - foldStartedMs;
    return { replayPerSecond: (read.length / replayMs) * 1_000, foldPerSecond: (read.length / foldMs) * 1_000 };
  } finally {
    await store.close();
    await bus.close();
  }
}

/** In the portions that it was decided in: one command's events an append. */
async function storeAgain(store: EventStore, stream: string, history: readonly RecordedEvent[]): Promise<void> {
  for (let at = 0; at < history.length;) {
    const { commandId } = history[at]?.metadata ?? {};
    const length = history.slice(at).findIndex(({ metadata }) => metadata.commandId !== commandId);
    const events = history.slice(at, length < 0 ? undefined : at + length);
    const again = events.map(({ type, schemaVersion, data, metadata }) => ({
      id: randomUUID(),
      type,
      schemaVersion,
      data,
      metadata,
    }));
    await store.append(stream, at === 0 ? "no-stream" : at - 1, again);
    at += events.length;
  }
}

/** Folds as it reads, as an orchestrator does that starts. */
async function readAll(store: EventStore, count: number): Promise<readonly RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  const states = new Map<string, AgentState>();
  for await (const event of store.subscribe()) {
    foldInto(states, event);
    events.push(event);
    if (events.length === count) break;
  }
  return events;
}

function foldAll(events: readonly RecordedEvent[]): void {
  const states = new Map<string, AgentState>();
  for (const event of events) foldInto(states, event);
}

function foldInto(states: Map<string, AgentState>, stored: RecordedEvent): void {
  const event = readDeploymentEvent(stored);
  if (event !== undefined) states.set(stored.stream, evolve(states.get(stored.stream) ?? initialState, event));
}
