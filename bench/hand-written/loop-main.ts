/**
 * What somebody would write by hand with the plain client: consume, request, publish, ack. It stores one output a message, or an
 * empty record where there is none: `loop-main.ts <bus url> <messages a request>`. It begins when it is told to.
 */
import { once } from "node:events";
import process from "node:process";
import { jetstream, type JsMsg } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { inboxStream, outputSubject, ready, runSubject } from "./protocol.ts";

const inFlightMax = 256;
const [url = "", perRequest = "1"] = process.argv.slice(2);
const connection = await connect({ servers: url, name: "loop" });
const client = jetstream(connection);
const consumer = await client.consumers.get(inboxStream, "loop");
let inFlight = 0;
let freed = (): void => undefined;

async function handle(messages: readonly JsMsg[]): Promise<void> {
  const bodies = JSON.stringify(messages.map((message) => message.string()));
  const reply = await connection.request(runSubject, bodies, { timeout: 10_000 });
  const outputs = reply.json<string[]>();
  await Promise.all(
    messages.map(async (message, at) => {
      await client.publish(outputSubject, outputs[at] ?? "");
      message.ack();
    }),
  );
  inFlight -= messages.length;
  if (inFlight < inFlightMax) freed();
}

process.send?.(ready);
await once(process, "message");
process.on("disconnect", () => process.exit(0));
const most = Number(perRequest);
let batch: JsMsg[] = [];
for await (const message of await consumer.consume({ max_messages: inFlightMax * 2 })) {
  batch.push(message);
  if (batch.length < most && message.info.pending > 0) continue;
  inFlight += batch.length;
  void handle(batch);
  batch = [];
  if (inFlight >= inFlightMax) await new Promise<void>((resolve) => (freed = resolve));
}
