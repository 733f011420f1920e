import { covers, type Place, type Segment } from "@caxton/deployment/shadow/path";

/** One place where two values are not the same. */
export interface Unlike {
  readonly place: Place;
  readonly kind: "value" | "type" | "missing" | "added" | "length";
  /** undefined where there is nothing. */
  readonly live: unknown;
  readonly shadow: unknown;
}

export interface Likeness {
  /** As `ShadowSettings.tolerance`. */
  readonly tolerance: number;
  readonly ignore: readonly (readonly Segment[])[];
}

/** What is found beyond these is one more of the same, mostly. */
export const unlikeMax = 64;

/**
 * Where two JSON values differ, at most `unlikeMax` places: members by their names in any order, items one by one, numbers
 * within the tolerance. A list that became longer or shorter is one difference, of its length.
 */
export function unlikenesses(live: unknown, shadow: unknown, likeness: Likeness): readonly Unlike[] {
  const found: Unlike[] = [];
  visit(live, shadow, [], likeness, found);
  return found;
}

function visit(live: unknown, shadow: unknown, place: Place, likeness: Likeness, found: Unlike[]): void {
  if (found.length >= unlikeMax || likeness.ignore.some((path) => covers(path, place))) return;
  if (Array.isArray(live) && Array.isArray(shadow)) return visitItems(live, shadow, place, likeness, found);
  if (isObject(live) && isObject(shadow)) return visitMembers(live, shadow, place, likeness, found);
  if (isAlike(live, shadow, likeness.tolerance)) return;
  found.push({ place, kind: typeOf(live) === typeOf(shadow) ? "value" : "type", live, shadow });
}

function visitItems(
  live: readonly unknown[],
  shadow: readonly unknown[],
  place: Place,
  likeness: Likeness,
  found: Unlike[],
): void {
  const both = Math.min(live.length, shadow.length);
  for (let index = 0; index < both; index += 1) visit(live[index], shadow[index], [...place, index], likeness, found);
  const beyond = [...place, both];
  if (live.length === shadow.length || likeness.ignore.some((path) => covers(path, beyond))) return;
  if (found.length < unlikeMax) found.push({ place, kind: "length", live: live.length, shadow: shadow.length });
}

type Members = Readonly<Record<string, unknown>>;

function visitMembers(live: Members, shadow: Members, place: Place, likeness: Likeness, found: Unlike[]): void {
  const names = new Set([...Object.keys(live), ...Object.keys(shadow)]);
  for (const name of [...names].toSorted()) {
    const at = [...place, name];
    const isInBoth = Object.hasOwn(live, name) && Object.hasOwn(shadow, name);
    if (isInBoth) visit(live[name], shadow[name], at, likeness, found);
    else if (found.length < unlikeMax && !likeness.ignore.some((path) => covers(path, at)))
      found.push(
        Object.hasOwn(live, name)
          ? { place: at, kind: "missing", live: live[name], shadow: undefined }
          : { place: at, kind: "added", live: undefined, shadow: shadow[name] },
      );
  }
}

function isAlike(live: unknown, shadow: unknown, tolerance: number): boolean {
  if (typeof live !== "number" || typeof shadow !== "number") return live === shadow;
  return live === shadow || Math.abs(live - shadow) <= tolerance * Math.max(Math.abs(live), Math.abs(shadow));
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
