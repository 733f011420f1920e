import process from "node:process";
import type { Bus } from "@caxton/bus/types";
import { CaxtonError } from "@caxton/contracts/errors";
import { openJetStreamEventStore } from "./jetstream.ts";
import { openKurrentEventStore } from "./kurrent/open.ts";
import type { EventStore } from "./port.ts";

const variable = "CAXTON_EVENT_STORE";
const kurrentSchemes = /^(esdb|kurrentdb)(\+discover)?:\/\//;

/**
 * The one place where a service gets its store, and the only one that knows which adapter it is.
 * @param setting `jetstream`, or the connection string of a KurrentDB; `CAXTON_EVENT_STORE` unless given, else `jetstream`
 * @throws CaxtonError `invalid-argument`, `store-unavailable`
 */
export async function openEventStore(bus: Bus, setting = process.env[variable]): Promise<EventStore> {
  const choice = setting === undefined || setting === "" ? "jetstream" : setting;
  requireEventStore(choice);
  return choice === "jetstream" ? await openJetStreamEventStore(bus) : await openKurrentEventStore(choice);
}

/** @throws CaxtonError `invalid-argument` with what is allowed; it shows the scheme only, since the rest may hold a password */
export function requireEventStore(choice: string): void {
  if (choice === "jetstream" || kurrentSchemes.test(choice)) return;
  const [shown = ""] = choice.split(/[:@/]/, 1);
  throw new CaxtonError(
    "invalid-argument",
    `the event store '${shown.slice(0, 40)}' (${variable}, --event-store) is none of: jetstream, kurrentdb://host:2113?tls=false, esdb://… , either with +discover`,
  );
}
