import type { Msg } from "@nats-io/transport-node";
import type { Connection } from "./connection.ts";
import { isPassing, mapError } from "./errors.ts";
import { fromNatsHeaders, toNatsHeaders } from "./headers.ts";
import type { BusMessage, Subscription } from "./types.ts";

export function toBusMessage(message: Msg): BusMessage {
  return {
    subject: message.subject,
    data: message.data,
    headers: fromNatsHeaders(message.headers),
    reply: message.reply ?? "",
    respond(data, headers) {
      const natsHeaders = toNatsHeaders(headers);
      message.respond(data, natsHeaders === undefined ? {} : { headers: natsHeaders });
    },
  };
}

export function subscribe(
  connection: Connection,
  subject: string,
  handler: (message: BusMessage) => void | Promise<void>,
  options: { readonly queue?: string; readonly onError?: (error: unknown) => void } = {},
): Subscription {
  const onError = options.onError ?? connection.onError;
  const running = new Set<Promise<void>>();

  function handle(message: Msg): void {
    try {
      const result = handler(toBusMessage(message));
      if (result === undefined) return;
      const work = result.catch(onError).finally(() => running.delete(work));
      running.add(work);
    } catch (error) {
      onError(error);
    }
  }

  const subscription = connection.nc.subscribe(subject, {
    ...(options.queue === undefined ? {} : { queue: options.queue }),
    callback: (error, message) => {
      if (error !== null) onError(mapError(error, { operation: "api", target: subject }));
      else handle(message);
    },
  });
  const ready = untilKnown(connection, subject);
  // Nobody has to wait for it; who does still sees the rejection.
  ready.catch(() => {});
  return {
    ready,
    close: () => subscription.unsubscribe(),
    async drain() {
      if (connection.status === "connected") await subscription.drain();
      else subscription.unsubscribe();
      await Promise.all(running);
    },
  };
}

/** The client subscribes anew after every reconnect, so a flush that comes back proves that the server knows. */
async function untilKnown(connection: Connection, subject: string): Promise<void> {
  for (;;) {
    try {
      await connection.call(() => connection.nc.flush(), { operation: "api", target: subject, timeoutMs: Infinity });
      return;
    } catch (error) {
      if (!isPassing(error) || connection.status === "closed") throw error;
    }
  }
}
