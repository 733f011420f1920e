import process from "node:process";
import type { Bus } from "@caxton/bus/types";
import { openJetStreamEventStore } from "./jetstream.ts";
import type { EventStore } from "./port.ts";
import { eventStoreVariable, requireEventStore } from "./setting.ts";

/**
 * The one place where a service gets its store, and the only one that knows which adapter it is.
 * @param setting `jetstream`, or the connection string of a KurrentDB; `CAXTON_EVENT_STORE` unless given, else `jetstream`
 * @throws CaxtonError `invalid-argument`, `store-unavailable`
 */
export async function openEventStore(bus: Bus, setting = process.env[eventStoreVariable]): Promise<EventStore> {
  const choice = setting === undefined || setting === "" ? "jetstream" : setting;
  requireEventStore(choice);
  if (choice === "jetstream") return await openJetStreamEventStore(bus);
  // Loaded only where it is chosen: its client takes longer to load than all the rest of a service.
  const { openKurrentEventStore } = await import("./kurrent/open.ts");
  return await openKurrentEventStore(choice);
}
