import { hasCode, toCaxtonError } from "@caxton/contracts/errors";
import type { EventStore } from "./port.ts";

/** A stream nobody writes: that it is not there is an answer. */
const askedFor = "caxton-health";

/** Why the store does not answer, in words; nothing where it does. */
export async function storeProblems(store: EventStore): Promise<readonly string[]> {
  try {
    await store.read(askedFor, { maxCount: 1 })[Symbol.asyncIterator]().next();
    return [];
  } catch (error) {
    return hasCode(error, "stream-not-found") ? [] : [toCaxtonError(error).message];
  }
}
