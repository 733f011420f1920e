/** Where two JSON values differ first, and how. */
export interface Difference {
  /** JSON Pointer, RFC 6901; empty for the whole. */
  readonly path: string;
  readonly left: unknown;
  readonly right: unknown;
}

/** The first place where two JSON values differ, keys in order of the alphabet; undefined where they are equal. */
export function firstDifference(left: unknown, right: unknown, path = ""): Difference | undefined {
  if (Object.is(left, right)) return undefined;
  const leftParts = partsOf(left);
  const rightParts = partsOf(right);
  if (leftParts === undefined || rightParts === undefined || Array.isArray(left) !== Array.isArray(right)) {
    return { path, left, right };
  }
  const keys = new Set([...leftParts.keys(), ...rightParts.keys()].toSorted());
  for (const key of keys) {
    const found = firstDifference(leftParts.get(key), rightParts.get(key), `${path}/${escaped(key)}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function partsOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  return typeof value === "object" && value !== null ? new Map(Object.entries(value)) : undefined;
}

function escaped(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}
