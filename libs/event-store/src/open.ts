import type { Bus } from "@caxton/bus/types";
import { openJetStreamEventStore } from "./jetstream.ts";
import type { EventStore } from "./port.ts";

/** The one place where a service gets its store, so that which adapter it is stays a matter of configuration. @throws CaxtonError `store-unavailable` */
export async function openEventStore(bus: Bus): Promise<EventStore> {
  return await openJetStreamEventStore(bus);
}
