/** The world of a component, as the text that wasm-tools prints for it. */
export interface ComponentWorld {
  /** As `wasi:io/poll@0.2.12`. */
  readonly imports: readonly string[];
  /** Exported names, each with its type in WIT, or an empty one for an interface. */
  readonly exports: ReadonlyMap<string, string>;
}

/** The worlds of wit/caxton-agent.wit by what they export. */
const worlds = {
  agent: new Map([
    ["describe", "func() -> string"],
    ["handle", "func(message: message, configuration: string) -> result<list<output>, failure>"],
  ]),
  "stateful-agent": new Map([
    ["describe", "func() -> string"],
    ["decide", "func(state: option<string>, message: message, configuration: string) -> result<decision, failure>"],
    ["evolve", "func(state: option<string>, event: event) -> string"],
    ["upcast", "func(event: event) -> event"],
  ]),
} as const;

export type WorldName = keyof typeof worlds;

/** Reads the `world root { … }` block of a printed component; types it defines for itself are left out. */
export function parseWorld(wit: string): ComponentWorld {
  const lines = wit.split("\n");
  const start = lines.indexOf("world root {");
  const block = start < 0 ? [] : lines.slice(start + 1, lines.indexOf("}", start));
  const imports: string[] = [];
  const exports = new Map<string, string>();
  for (const line of block) {
    // Deeper indented lines belong to interfaces spelled out in place.
    const item = /^ {2}(import|export) (\S+?)(?:;$|: (.*?)(?: \{|;)$)/.exec(line);
    if (item?.[2] === undefined) continue;
    if (item[1] === "import") imports.push(item[2]);
    else exports.set(item[2], item[3] ?? "");
  }
  return { imports, exports };
}

/** What keeps `world` from being `name`; empty if nothing does. More exports than the world asks for do no harm. */
export function missingFrom(world: ComponentWorld, name: WorldName): string[] {
  const problems: string[] = [];
  for (const [wanted, type] of worlds[name]) {
    const found = world.exports.get(wanted);
    if (found === undefined) problems.push(`does not export '${wanted}'`);
    else if (found !== type) problems.push(`exports '${wanted}' as '${found}' instead of '${type}'`);
  }
  return problems;
}
