import { CaxtonError } from "@caxton/contracts/errors";
import { requireConnectionString } from "./connection-string.ts";

export const eventStoreVariable = "CAXTON_EVENT_STORE";
const kurrentSchemes = /^(esdb|kurrentdb)(\+discover)?:\/\//;

/**
 * Knows the setting and loads no store, so that a wrong one is refused at once.
 * @throws CaxtonError `invalid-argument` with what is allowed; it shows the scheme only, since the rest may hold a password
 */
export function requireEventStore(choice: string): void {
  if (choice === "jetstream") return;
  if (kurrentSchemes.test(choice)) return requireConnectionString(choice);
  const [shown = ""] = choice.split(/[:@/]/, 1);
  throw new CaxtonError(
    "invalid-argument",
    `the event store '${shown.slice(0, 40)}' (${eventStoreVariable}, --event-store) is none of: jetstream, kurrentdb://host:2113?tls=false, esdb://… , either with +discover`,
  );
}
