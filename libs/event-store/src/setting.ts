import { CaxtonError } from "@caxton/contracts/errors";

export const eventStoreVariable = "CAXTON_EVENT_STORE";
const kurrentSchemes = /^(esdb|kurrentdb)(\+discover)?:\/\//;

/**
 * Knows the setting and loads no store, so that a wrong one is refused at once.
 * @throws CaxtonError `invalid-argument` with what is allowed; it shows the scheme only, since the rest may hold a password
 */
export function requireEventStore(choice: string): void {
  if (choice === "jetstream") return;
  if (!kurrentSchemes.test(choice)) {
    const [shown = ""] = choice.split(/[:@/]/, 1);
    throw new CaxtonError(
      "invalid-argument",
      `the event store '${shown.slice(0, 40)}' (${eventStoreVariable}, --event-store) is none of: jetstream, kurrentdb://host:2113?tls=false, esdb://… , either with +discover`,
    );
  }
  // Names of options are taken in any case, with '_' or '-' in between.
  if (/[?&]throw[_-]?on[_-]?append[_-]?failure=(?!true(&|$))/i.test(choice)) {
    throw new CaxtonError(
      "invalid-argument",
      `${eventStoreVariable}, --event-store: throwOnAppendFailure=false would make refused appends look stored; leave it out`,
    );
  }
}
