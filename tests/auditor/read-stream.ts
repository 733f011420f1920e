import { jetstream, jetstreamManager, type JsMsg } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import type { Stored, Stream } from "./report.ts";

/** Everything that a stream holds at the time of the call. */
export async function readStream(connection: NatsConnection, name: string): Promise<Stream> {
  const manager = await jetstreamManager(connection);
  const { created, state } = await manager.streams.info(name);
  const messages: Stored[] = [];
  if (state.messages > 0) {
    const consumer = await jetstream(connection).consumers.get(name);
    for await (const message of await consumer.consume({ max_messages: 1_000 })) {
      messages.push(toStored(message));
      if (message.seq >= state.last_seq) break;
    }
    await consumer.delete();
  }
  return { createdAtMs: Date.parse(created), messages };
}

/** How many messages a stream holds. */
export async function countMessages(connection: NatsConnection, name: string): Promise<number> {
  const manager = await jetstreamManager(connection);
  return (await manager.streams.info(name)).state.messages;
}

function toStored(message: JsMsg): Stored {
  const headers = Object.fromEntries([...(message.headers ?? [])].map(([key, values]) => [key, values[0] ?? ""]));
  return {
    subject: message.subject,
    sequence: message.seq,
    headers,
    body: message.string(),
    storedAtMs: message.time.getTime(),
  };
}
