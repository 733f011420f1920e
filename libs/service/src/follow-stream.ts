import { setTimeout as delay } from "node:timers/promises";
import type { FollowOptions, StoredMessage, Streams } from "@caxton/bus/types";
import { hasCode } from "@caxton/contracts/errors";

const absentRetryMs = 250;

/** `streams.follow` that waits for the stream where there is none yet; ends when `signal` aborts. */
export async function* followStream(
  streams: Pick<Streams, "follow">,
  name: string,
  options: FollowOptions & { readonly signal: AbortSignal },
): AsyncGenerator<StoredMessage, void> {
  const { signal } = options;
  while (!signal.aborted) {
    try {
      yield* streams.follow(name, options);
    } catch (error) {
      if (!hasCode(error, "stream-not-found")) throw error;
      await delay(absentRetryMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
