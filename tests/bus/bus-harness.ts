import type { Bus } from "@caxton/bus/types";
import { connectBus, type ConnectOptions } from "@caxton/bus/connect";
import type { StreamSpec } from "@caxton/contracts/stream-spec";
import { startNatsServer, type NatsServer, type NatsServerOptions } from "../harness/nats-server.ts";

export interface TestBus extends AsyncDisposable {
  readonly server: NatsServer;
  readonly bus: Bus;
  /** Another connection to the same server, closed with the first. */
  connect(options?: Partial<ConnectOptions>): Promise<Bus>;
}

/** A server of its own and a connection to it; both end with the scope. */
export async function startBus(options: NatsServerOptions = {}): Promise<TestBus> {
  const server = await startNatsServer(options);
  const buses: Bus[] = [];
  const connect = async (more: Partial<ConnectOptions> = {}): Promise<Bus> => {
    const bus = await connectBus({ url: server.url, name: "test", ...more });
    buses.push(bus);
    return bus;
  };
  return {
    server,
    bus: await connect(),
    connect,
    async [Symbol.asyncDispose]() {
      await Promise.all(buses.map((bus) => bus.close()));
      await server.stop();
    },
  };
}

export function spec(name: string, more: Partial<StreamSpec> = {}): StreamSpec {
  return {
    name,
    subjects: [`${name}.>`],
    discard: "new",
    maxBytes: -1,
    maxMessageBytes: 64 * 1024,
    duplicateWindowMs: 1_000,
    ...more,
  };
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (data: Uint8Array): string => new TextDecoder().decode(data);

/** The first `count` of an endless sequence. */
export async function take<T>(source: AsyncIterable<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  for await (const item of source) {
    taken.push(item);
    if (taken.length === count) break;
  }
  return taken;
}

export async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  return await Array.fromAsync(source);
}

/** What it rejects with, listened for from now on; so that what makes it reject can come next. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => Promise.reject(new Error("expected a rejection")),
    (error: unknown) => error,
  );
}
