import { decodeJson, jsonOrUndefined } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { LaneStatus, laneStatusTtlMs } from "@caxton/contracts/lane-status";
import {
  RelayCheckpoint,
  RouteEntry,
  ServicePresence,
  SlotStatus,
  slotTtlMs,
  VersionSpec,
} from "@caxton/contracts/placement";
import { type Checker, checker } from "@caxton/contracts/schema";
import {
  laneBucket,
  laneKey,
  relayBucket,
  routeBucket,
  serviceBucket,
  slotBucket,
  versionBucket,
} from "@caxton/contracts/subjects";
import { presenceTtlMs } from "@caxton/service/presence";
import type { HeldSlot } from "../core/version-status.ts";

export interface Keyed<Value> {
  readonly key: string;
  readonly value: Value;
}

/** What the key-value buckets say about who runs where. */
export interface Placement {
  readonly services: readonly ServicePresence[];
  readonly specs: readonly VersionSpec[];
  readonly slots: readonly HeldSlot[];
  readonly routes: readonly RouteEntry[];
  readonly checkpoints: readonly Keyed<RelayCheckpoint>[];
  readonly lanes: readonly LaneStatus[];
  /** Keys whose value is not what it should be. */
  readonly unreadable: readonly string[];
}

const schemas = {
  services: checker("service presence", ServicePresence),
  specs: checker("version", VersionSpec),
  slots: checker("slot", SlotStatus),
  routes: checker("route", RouteEntry),
  checkpoints: checker("relay checkpoint", RelayCheckpoint),
  lanes: checker("lane status", LaneStatus),
};

/** @throws CaxtonError `bus-unavailable` */
export async function readPlacement(bus: Bus): Promise<Placement> {
  const unreadable: string[] = [];
  async function entries<Value>(
    bucket: string,
    schema: Checker<Value>,
    ttl: { readonly ttlMs?: number } = {},
  ): Promise<readonly Keyed<Value>[]> {
    const kv = await bus.kv(bucket, ttl);
    const found = await Promise.all((await kv.keys()).map((key) => kv.get(key)));
    return found.flatMap((entry) => {
      if (entry === undefined) return [];
      try {
        return [{ key: entry.key, value: schema.check(decodeJson(entry.value)) }];
      } catch {
        unreadable.push(`${bucket} ${entry.key}`);
        return [];
      }
    });
  }
  const [services, specs, slots, routes, checkpoints, lanes] = await Promise.all([
    entries(serviceBucket, schemas.services, { ttlMs: presenceTtlMs }),
    entries(versionBucket, schemas.specs),
    entries(slotBucket, schemas.slots, { ttlMs: slotTtlMs }),
    entries(routeBucket, schemas.routes),
    entries(relayBucket, schemas.checkpoints),
    entries(laneBucket, schemas.lanes, { ttlMs: laneStatusTtlMs }),
  ]);
  return {
    services: services.map(({ value }) => value),
    specs: specs.map(({ value }) => value),
    slots: slots.map(({ key, value }) => {
      const [agent = "", version = ""] = key.split(".");
      return { key, agent, version, status: value };
    }),
    routes: routes.map(({ value }) => value),
    checkpoints,
    lanes: lanes.map(({ value }) => value),
    unreadable,
  };
}

/** What the routers say they do for one agent. @throws CaxtonError `bus-unavailable` */
export async function readLanes(bus: Bus, agent: string): Promise<readonly LaneStatus[]> {
  const kv = await bus.kv(laneBucket, { ttlMs: laneStatusTtlMs });
  const entries = await Promise.all((await kv.keys(laneKey(agent, "*"))).map((key) => kv.get(key)));
  return entries.flatMap((entry) => {
    const value = entry && jsonOrUndefined(entry.value);
    return schemas.lanes.matches(value) ? [value] : [];
  });
}
