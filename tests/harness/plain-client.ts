import { jetstream } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";

/** Publishes as any client of the bus may. @returns the server's acknowledgement, or the error */
export async function publishPlainly(url: string, subject: string, body: string): Promise<unknown> {
  const connection = await connect({ servers: url });
  try {
    return await jetstream(connection)
      .publish(subject, body, { timeout: 1_000 })
      .catch((error: unknown) => error);
  } finally {
    await connection.close();
  }
}
