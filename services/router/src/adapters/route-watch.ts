import { decodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { toCaxtonError } from "@caxton/contracts/errors";
import { RouteEntry } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import { routeBucket } from "@caxton/contracts/subjects";
import type { Logger } from "@caxton/telemetry/logger";

const routeEntry = checker("route", RouteEntry);

export interface RouteWatch {
  readonly ended: Promise<void>;
}

/** Follows the routes of all agents; resolves when those that are there now were given to `onRoute`. */
export async function watchRoutes(
  bus: Bus,
  log: Logger,
  onRoute: (route: RouteEntry) => void,
  signal: AbortSignal,
): Promise<RouteWatch> {
  const bucket = await bus.kv(routeBucket);
  return new Promise((resolve, reject) => {
    const ended = follow();
    ended.catch(reject);

    async function follow(): Promise<void> {
      for await (const change of bucket.watch({ signal, onCurrent: () => resolve({ ended }) })) {
        if (change.type === "delete") continue;
        try {
          onRoute(routeEntry.check(decodeJson(change.entry.value)));
        } catch (error) {
          log.error({ key: change.entry.key }, `this route cannot be used: ${toCaxtonError(error).message}`);
        }
      }
    }
  });
}
