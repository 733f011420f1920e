export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const seriesLine = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const labelPair = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;

/** Reads the text format by its own rules. @throws Error at a line that is none */
export function parsePrometheus(text: string): readonly Series[] {
  if (!text.endsWith("\n")) throw new Error("the text must end with a line feed");
  const lines = text.slice(0, -1).split("\n");
  const typed = new Set<string>();
  const series: Series[] = [];
  for (const line of lines) {
    if (line.startsWith("# TYPE ")) typed.add(line.split(" ")[2] ?? "");
    if (line.startsWith("#")) continue;
    const [, name, labels = "", value] = seriesLine.exec(line) ?? [];
    if (name === undefined || value === undefined || Number.isNaN(Number(value.replace("Inf", "Infinity")))) {
      throw new Error(`no series: ${line}`);
    }
    if (!typed.has(name) && !typed.has(name.replace(/_(bucket|sum|count)$/, ""))) throw new Error(`no type: ${line}`);
    const pairs = [...labels.matchAll(labelPair)].map(([, label = "", of = ""]) => [label, of] as const);
    series.push({ name, labels: Object.fromEntries(pairs), value: Number(value.replace("Inf", "Infinity")) });
  }
  return series;
}
