import { setTimeout as delay } from "node:timers/promises";
import { hasCode } from "@caxton/contracts/errors";
import type { WatchDeploymentResponse } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import type { Gateway } from "./gateway-client.ts";
import { isPassing, Patience } from "./patience.ts";

/** A gateway may know of a deployment a moment after it was accepted. */
const unknownMaxMs = 5_000;

export interface FollowDeploymentOptions {
  readonly signal: AbortSignal;
  /** Begin with its first event instead of with the deployment as it is. */
  readonly fromBeginning?: boolean;
  /** Told once each time the connection breaks. */
  readonly onBroken: () => void;
}

/**
 * The deployment as it is and then after each change, and what is seen of its step in between, across broken connections and
 * restarts of the gateway. Each event comes once. Ends when `signal` aborts.
 * @throws CaxtonError what the gateway says, or `gateway-unavailable` once it was away for a minute
 */
export async function* followDeployment(
  gateway: Gateway,
  id: string,
  { signal, fromBeginning = false, onBroken }: FollowDeploymentOptions,
): AsyncGenerator<WatchDeploymentResponse> {
  const patience = new Patience();
  let revision = -1;
  while (!signal.aborted) {
    try {
      for await (const change of gateway.watchDeployment({ deploymentId: id, fromBeginning }, signal)) {
        patience.renew();
        const seen = change.event?.revision ?? change.deployment?.revision ?? revision;
        if (seen < revision || (change.event !== undefined && seen === revision)) continue;
        revision = seen;
        yield change;
      }
    } catch (error) {
      if (signal.aborted) return;
      const isUnknown = hasCode(error, "unknown-deployment");
      if (!isUnknown && !isPassing(error)) throw error;
      if (patience.isFirst && !isUnknown) onBroken();
      if (patience.isOver(isUnknown ? unknownMaxMs : undefined)) throw error;
    }
    await delay(patience.pauseMs, undefined, { signal }).catch(() => undefined);
  }
}
