import { decodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { RelayCheckpoint, RouteEntry, ServicePresence, SlotStatus, slotTtlMs } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import { versionNames } from "@caxton/contracts/version-names";
import { outcomeStream, relayBucket, routeBucket, serviceBucket, slotBucket } from "@caxton/contracts/subjects";
import { presenceTtlMs } from "@caxton/service/presence";
import type { Metrics, Sample } from "@caxton/telemetry/registry";

const route = checker("route", RouteEntry);
const slot = checker("slot", SlotStatus);
const presence = checker("service presence", ServicePresence);
const checkpoint = checker("relay checkpoint", RelayCheckpoint);

/** What the bus itself says, read when metrics are: nobody on the path of a message counts for it. @returns how to end that */
export function gaugeBus(bus: Bus, metrics: Metrics): () => void {
  const ends = [
    metrics.gauge("caxton_route_revision", "Revision of the route in force.", () => routeRevisions(bus)),
    metrics.gauge("caxton_route_share", "Share of the agent's messages that the route gives a version, 0 to 1.", () =>
      routeShares(bus),
    ),
    metrics.gauge("caxton_instances_ready", "Instances of a version that take requests.", () => instancesReady(bus)),
    metrics.gauge("caxton_service_up", "1 for every service that said so within 3 s.", () => servicesUp(bus)),
    metrics.gauge("caxton_relay_lag_outcomes", "Outcomes whose outputs may not be carried on yet.", () =>
      relayLag(bus),
    ),
  ];
  return () => {
    for (const end of ends) end();
  };
}

async function entries(bus: Bus, bucketName: string, ttlMs?: number): Promise<readonly (readonly [string, unknown])[]> {
  const bucket = await bus.kv(bucketName, ttlMs === undefined ? {} : { ttlMs });
  const found = await Promise.all((await bucket.keys()).map((key) => bucket.get(key)));
  return found.flatMap((entry) => (entry === undefined ? [] : [[entry.key, decodeJson(entry.value)] as const]));
}

async function routes(bus: Bus): Promise<readonly RouteEntry[]> {
  return (await entries(bus, routeBucket)).map(([, value]) => route.check(value));
}

async function routeRevisions(bus: Bus): Promise<readonly Sample[]> {
  return (await routes(bus)).map(({ agent, revision }) => ({ labels: { agent }, value: revision }));
}

async function routeShares(bus: Bus): Promise<readonly Sample[]> {
  return (await routes(bus)).flatMap(({ agent, targets }) =>
    targets.map(({ version, share }) => ({ labels: { agent, ...versionNames(version) }, value: share })),
  );
}

async function instancesReady(bus: Bus): Promise<readonly Sample[]> {
  const counts = new Map<string, number>();
  for (const [key, value] of await entries(bus, slotBucket, slotTtlMs)) {
    const [agent = "", version = ""] = key.split(".");
    const name = `${agent}.${version}`;
    counts.set(name, (counts.get(name) ?? 0) + (slot.check(value).state === "ready" ? 1 : 0));
  }
  return [...counts].map(([name, value]) => {
    const [agent = "", version = ""] = name.split(".");
    return { labels: { agent, ...versionNames(version) }, value };
  });
}

async function servicesUp(bus: Bus): Promise<readonly Sample[]> {
  const services = await entries(bus, serviceBucket, presenceTtlMs);
  return services.map(([, value]) => presence.check(value)).map(({ kind, id }) => ({ labels: { kind, id }, value: 1 }));
}

/** An upper bound: a relay notes how far it came now and then. */
async function relayLag(bus: Bus): Promise<readonly Sample[]> {
  const lanes = await entries(bus, relayBucket);
  const samples = await Promise.all(
    lanes.map(async ([key, value]): Promise<readonly Sample[]> => {
      if (!checkpoint.matches(value)) return [];
      const [agent = "", ...lane] = key.split(".");
      const info = await bus.streams.info(outcomeStream(agent));
      if (info === undefined) return [];
      const isSameLife = info.createdAtMs === value.outcomeEpochMs;
      const done = isSameLife ? value.outcomeSequence : 0;
      return [{ labels: { agent, lane: lane.join(".") }, value: Math.max(0, info.lastSequence - done) }];
    }),
  );
  return samples.flat();
}
