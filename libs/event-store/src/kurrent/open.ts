import { hasCode } from "@caxton/contracts/errors";
import { setTimeout as delay } from "node:timers/promises";
import type { EventStore } from "../port.ts";
import { createKurrentEventStore, type KurrentOptions } from "./store.ts";

const probeStream = "caxton-probe";
const pauseMs = 200;

/**
 * A store that has answered once, so that one that is away or misspelt is known at start.
 * @param openTimeoutMs how long it is asked before that is an error; 10 000 unless given
 * @throws CaxtonError `invalid-argument`, `store-unavailable`
 */
export async function openKurrentEventStore(
  url: string,
  options: KurrentOptions & { readonly openTimeoutMs?: number } = {},
): Promise<EventStore> {
  const store = createKurrentEventStore(url, options);
  const deadlineMs = performance.now() + (options.openTimeoutMs ?? 10_000);
  for (;;) {
    try {
      await Array.fromAsync(store.read(probeStream, { maxCount: 1 }));
      return store;
    } catch (error) {
      if (hasCode(error, "stream-not-found")) return store;
      if (!hasCode(error, "store-unavailable") || performance.now() + pauseMs >= deadlineMs) {
        await store.close();
        throw error;
      }
      await delay(pauseMs);
    }
  }
}
