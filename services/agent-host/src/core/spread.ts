import { pointOf } from "@caxton/deployment/split";
import type { WantedSlot } from "./slots.ts";

/**
 * The host that should take a slot where several could: a version's slots go round the hosts, beginning with another host for
 * another version. Every host comes to the same answer from the same hosts; where they know of different ones the claim decides.
 */
export function preferredHost({ index, spec }: Pick<WantedSlot, "index" | "spec">, hosts: readonly string[]): string {
  const salt = `${spec.agent}.${spec.version}`;
  const ranked = [...new Set(hosts)].map((host) => ({ host, rank: pointOf(salt, host) }));
  ranked.sort((left, right) => left.rank - right.rank);
  return ranked[index % ranked.length]?.host ?? "";
}
