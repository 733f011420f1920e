import { decodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { CaxtonError, toCaxtonError } from "@caxton/contracts/errors";
import { RouteEntry } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import { routeBucket } from "@caxton/contracts/subjects";
import type { Logger } from "@caxton/telemetry/logger";
import { nextDelayMs } from "../core/backoff.ts";
import { pause } from "./signal.ts";

const retryDelays = { minMs: 50, maxMs: 1_000 };
const routeEntry = checker("route", RouteEntry);

export interface RouteWatch {
  readonly ended: Promise<void>;
}

/**
 * Follows the routes of all agents; resolves when those that are there now were given to `onRoute`. From then on it goes
 * on after every trouble, and gives those that are there once more.
 * @throws CaxtonError `bus-unavailable` where they could not be read at the start
 */
export async function watchRoutes(
  bus: Pick<Bus, "kv">,
  log: Logger,
  onRoute: (route: RouteEntry) => void,
  signal: AbortSignal,
): Promise<RouteWatch> {
  let isReady = false;
  let delayMs = 0;

  async function follow(onCurrent: () => void): Promise<void> {
    const bucket = await bus.kv(routeBucket);
    for await (const change of bucket.watch({ signal, onCurrent })) {
      if (change.type === "delete") continue;
      try {
        onRoute(routeEntry.check(decodeJson(change.entry.value)));
      } catch (error) {
        log.error({ key: change.entry.key }, `this route cannot be used: ${toCaxtonError(error).message}`);
      }
    }
    if (!signal.aborted) throw new CaxtonError("bus-unavailable", "the watch on the routes ended");
  }

  async function followForever(onCurrent: () => void): Promise<void> {
    while (!signal.aborted) {
      try {
        await follow(() => {
          if (delayMs > 0) log.info("the routes are followed again");
          isReady = true;
          delayMs = 0;
          onCurrent();
        });
      } catch (error) {
        if (!isReady) throw error;
        const { code, message } = toCaxtonError(error);
        if (delayMs === 0 && !signal.aborted) log.warn({ code }, `the routes cannot be followed: ${message}`);
        delayMs = nextDelayMs(delayMs, retryDelays);
        await pause(delayMs, signal);
      }
    }
  }

  return new Promise((resolve, reject) => {
    const ended: Promise<void> = followForever(() => resolve({ ended }));
    ended.catch(reject);
  });
}
