/** One step down a JSON value: a member, an item, or all of them. */
export type Segment =
  | { readonly kind: "member"; readonly name: string }
  | { readonly kind: "item"; readonly index: number }
  | { readonly kind: "any" };

export type ReadPath =
  | { readonly ok: true; readonly segments: readonly Segment[] }
  | {
      readonly ok: false;
      /** Of the first character that cannot stand there, from 0. */
      readonly offset: number;
      readonly message: string;
      /** What was meant, as far as one can guess. */
      readonly nearest?: string;
    };

/** Longest path, in characters. */
export const pathMaxCharacters = 256;

const member = /^\.([A-Za-z_][\w-]*)/;
const quoted = /^\[(?:'([^'\\]*)'|"([^"\\]*)")\]/;
const item = /^\[(0|[1-9]\d{0,8})\]/;
const any = /^(?:\.\*|\[\*\])/;

/**
 * A path into an output's body: `$`, then `.name`, `['any name']`, `[3]`, `.*` or `[*]`. A part of JSONPath (RFC 9535): what
 * names places, without filters and without `..`.
 */
export function readPath(text: string): ReadPath {
  if (text.length > pathMaxCharacters) {
    return fault(pathMaxCharacters, `a path has at most ${pathMaxCharacters} characters, this one ${text.length}`);
  }
  if (!text.startsWith("$")) {
    const meant = `$.${text.replace(/^\.+/, "")}`;
    const nearest = text !== "" && readPath(meant).ok ? { nearest: meant } : {};
    return { ...fault(0, `'${text}' is no path: it begins with '$', the whole output`), ...nearest };
  }
  const segments: Segment[] = [];
  let rest = text.slice(1);
  while (rest !== "") {
    const read = segmentOf(rest);
    if (read === undefined) return badSegment(text, text.length - rest.length);
    segments.push(read.segment);
    rest = rest.slice(read.length);
  }
  return { ok: true, segments };
}

function segmentOf(rest: string): { readonly segment: Segment; readonly length: number } | undefined {
  const all = any.exec(rest);
  if (all !== null) return { segment: { kind: "any" }, length: all[0].length };
  const at = item.exec(rest);
  if (at !== null) return { segment: { kind: "item", index: Number(at[1]) }, length: at[0].length };
  const name = member.exec(rest) ?? quoted.exec(rest);
  if (name === null) return undefined;
  return { segment: { kind: "member", name: name[1] ?? name[2] ?? "" }, length: name[0].length };
}

function badSegment(text: string, offset: number): ReadPath {
  const rest = text.slice(offset);
  if (rest.startsWith("..")) return fault(offset, `'..' is not read here: write out each path`);
  return fault(
    offset,
    `'${rest.slice(0, 20)}' cannot follow '${text.slice(0, offset)}': .name, ['name'], [0], .* or [*] can`,
  );
}

function fault(offset: number, message: string): ReadPath & { readonly ok: false } {
  return { ok: false, offset, message };
}

/** Where a value lies: names of members, indices of items. */
export type Place = readonly (string | number)[];

/** Whether a place is at the path or below it. */
export function covers(segments: readonly Segment[], place: Place): boolean {
  return segments.length <= place.length && segments.every((segment, index) => fits(segment, place[index]));
}

function fits(segment: Segment, step: string | number | undefined): boolean {
  if (segment.kind === "any") return true;
  return step === (segment.kind === "member" ? segment.name : segment.index);
}

/** How a place is written where the items of a list are all alike: `$.items[*].at`. */
export function placeText(place: Place): string {
  return place.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[*]`;
    return /^[A-Za-z_][\w-]*$/.test(step) ? `${text}.${step}` : `${text}[${JSON.stringify(step)}]`;
  }, "$");
}
