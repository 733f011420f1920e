import { setTimeout as delay } from "node:timers/promises";
import type { StoredEvent } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import type { Gateway } from "./gateway-client.ts";
import { isPassing, Patience } from "./patience.ts";

export interface FollowEventsOptions {
  readonly fromRevision: number;
  /** The last one wanted; without an end unless given. */
  readonly toRevision?: number;
  readonly signal: AbortSignal;
}

/**
 * An agent's events, each once and in order, also those stored later, across broken connections. Ends when `signal` aborts.
 * @throws CaxtonError what the gateway says, or `gateway-unavailable` once it was away for a minute
 */
export async function* followEvents(
  gateway: Gateway,
  agent: string,
  { fromRevision, toRevision, signal }: FollowEventsOptions,
): AsyncGenerator<StoredEvent> {
  const patience = new Patience();
  let next = fromRevision;
  while (!signal.aborted && next <= (toRevision ?? Number.MAX_SAFE_INTEGER)) {
    try {
      const range = { fromRevision: next, ...(toRevision === undefined ? {} : { toRevision }) };
      for await (const event of gateway.readEvents({ agent, ...range, follow: true }, signal)) {
        patience.renew();
        next = event.revision + 1;
        yield event;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!isPassing(error) || patience.isOver()) throw error;
    }
    await delay(patience.pauseMs, undefined, { signal }).catch(() => undefined);
  }
}
