import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { ServicePresence } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import { serviceBucket } from "@caxton/contracts/subjects";

/** A service that has not been heard of for so long is dead. */
export const presenceTtlMs = 3_000;

const presence = checker("service presence", ServicePresence);

/** Says that this service is alive, again and again until closed; while the bus is away it keeps trying. */
export async function announce(bus: Bus, entry: ServicePresence): Promise<{ close(): Promise<void> }> {
  const bucket = await bus.kv(serviceBucket, { ttlMs: presenceTtlMs });
  const key = `${entry.kind}.${entry.id}`;
  const say = () => bucket.put(key, encodeJson(entry));
  await say();
  const timer = setInterval(() => {
    say().catch(() => undefined);
  }, presenceTtlMs / 3);
  return {
    async close() {
      clearInterval(timer);
      await bucket.delete(key).catch(() => undefined);
    },
  };
}

/** The services of a kind that are alive now. */
export async function livingServices(bus: Bus, kind: string): Promise<readonly ServicePresence[]> {
  const bucket = await bus.kv(serviceBucket, { ttlMs: presenceTtlMs });
  const entries = await bucket.entries(`${kind}.*`);
  return entries.map(({ value }) => presence.check(decodeJson(value)));
}
