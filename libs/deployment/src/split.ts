import type { Target } from "./route.ts";

/**
 * Where a key falls in [0, 1): FNV-1a over the UTF-16 units, then the 32-bit finalizer of MurmurHash3, because FNV alone
 * spreads the last characters badly. Sources: http://www.isthe.com/chongo/tech/comp/fnv/, https://github.com/aappleby/smhasher
 */
export function pointOf(salt: string, key: string): number {
  let hash = 0x811c9dc5;
  const text = `${salt}\u0000${key}`;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 0x1_0000_0000;
}

/**
 * The version a key goes to: sticky, since the same key always falls on the same point, and monotone, since a growing
 * first share only takes points from those behind it (DESIGN.md, rule 5). undefined where the route has no targets.
 */
export function chooseVersion(targets: readonly Target[], salt: string, key: string): string | undefined {
  const last = targets.at(-1);
  if (last === undefined || targets.length === 1) return last?.version;
  const point = pointOf(salt, key);
  let upTo = 0;
  for (const target of targets) {
    upTo += target.share;
    if (point < upTo) return target.version;
  }
  return last.version;
}
