import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus, KvBucket } from "@caxton/bus/types";
import { hasCode } from "@caxton/contracts/errors";
import { RouteEntry } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import { routeBucket } from "@caxton/contracts/subjects";

const routeEntry = checker("route entry", RouteEntry);

/**
 * Writes route entries compare-and-set, upward only: an orchestrator that slept through a newer revision changes nothing
 * (DESIGN.md, rule 7).
 */
export class RouteWriter {
  readonly #bus: Bus;
  /** Open from the first entry on, so that the next ones go out in the turn in which they are written. */
  #bucket: KvBucket | undefined;
  /** The bucket's revision of what was last written here: mostly nobody else wrote since. */
  readonly #written = new Map<string, Written>();

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  /** @throws CaxtonError `bus-unavailable`, `timeout` */
  async write(entry: RouteEntry): Promise<void> {
    const bucket = (this.#bucket ??= await this.#bus.kv(routeBucket));
    const { agent, revision: routeRevision } = entry;
    for (let known = this.#written.get(agent); ; known = undefined) {
      try {
        const current = known ?? (await this.#read(bucket, agent));
        if (current !== undefined && current.routeRevision >= routeRevision) return;
        const bucketRevision =
          current === undefined
            ? await bucket.create(agent, encodeJson(entry))
            : await bucket.update(agent, encodeJson(entry), current.bucketRevision);
        this.#written.set(agent, { bucketRevision, routeRevision });
        return;
      } catch (error) {
        this.#written.delete(agent);
        this.#bucket = undefined;
        if (!hasCode(error, "wrong-sequence")) throw error;
      }
    }
  }

  async #read(bucket: KvBucket, agent: string): Promise<Written | undefined> {
    const entry = await bucket.get(agent);
    if (entry === undefined) return undefined;
    return { bucketRevision: entry.revision, routeRevision: routeEntry.check(decodeJson(entry.value)).revision };
  }
}

interface Written {
  readonly bucketRevision: number;
  readonly routeRevision: number;
}
