/** The way to one place in a JSON value: members by name and elements by index, as in `$.quality.scores[0]`. */
export type JsonPath = readonly (string | number)[];

/** What is wrong with a path; `offset` counts its characters from 0. */
export interface PathFault {
  readonly offset: number;
  readonly message: string;
}

const segment =
  /\.(?<name>[\p{L}_][\p{L}\p{N}_-]*)|\[(?<index>0|[1-9]\d{0,8})\]|\['(?<single>[^'\\]+)'\]|\["(?<double>[^"\\]+)"\]/uy;

/** Of the paths of RFC 9535 those that lead to one place: `$` and after it `.name`, `['name']` or `[0]`. */
export function parseJsonPath(text: string): JsonPath | PathFault {
  if (!text.startsWith("$")) return { offset: 0, message: `'${text}' is no path: it begins with $, as in $.score` };
  const path: (string | number)[] = [];
  segment.lastIndex = 1;
  for (let at = 1; at < text.length; at = segment.lastIndex) {
    segment.lastIndex = at;
    const groups = segment.exec(text)?.groups;
    if (groups === undefined) {
      const message = `'${text.slice(at)}' leads nowhere: after $ stand .name, ['name'] or [0], and they lead to one place`;
      return { offset: at, message };
    }
    const { name, index, single, double } = groups;
    path.push(index === undefined ? (name ?? single ?? double ?? "") : Number(index));
  }
  if (path.length > 0) return path;
  return { offset: text.length, message: `'${text}' is the whole output: it needs a place in it, as in $.score` };
}

export function isPathFault(parsed: object): parsed is PathFault {
  return "message" in parsed;
}

/** What stands there; undefined where nothing does. */
export function valueAt(value: unknown, path: JsonPath): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== "object" || at === null || Array.isArray(at) !== (typeof step === "number")) return undefined;
    if (!Object.hasOwn(at, step)) return undefined;
    at = Reflect.get(at, step);
  }
  return at;
}
