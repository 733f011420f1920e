import { readFile } from "node:fs/promises";

export interface MemorySample {
  readonly atMs: number;
  readonly rssMiB: number;
  /** What is not mapped from files: heaps and stacks. */
  readonly anonymousMiB: number;
}

/** Of one process: what it held at half time and at the end, as medians over a tenth of the samples each. */
export interface Growth {
  readonly process: string;
  readonly halfMiB: number;
  readonly endMiB: number;
  readonly boundMiB: number;
}

/** The second half of a soak may add a quarter of what was there at half time and 32 MiB, which a collector may leave lying. */
export function growthBoundMiB(halfMiB: number): number {
  return halfMiB * 1.25 + 32;
}

/** undefined where the process is gone. */
export async function sampleMemory(pid: number, atMs: number): Promise<MemorySample | undefined> {
  const text = await readFile(`/proc/${pid}/status`, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const mebibytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1]) / 1024;
  return { atMs, rssMiB: mebibytes("VmRSS"), anonymousMiB: mebibytes("RssAnon") };
}

export function growthOf(process: string, samples: readonly MemorySample[]): Growth {
  const second = samples.slice(Math.floor(samples.length / 2));
  const some = Math.max(1, Math.ceil(samples.length / 10));
  const halfMiB = median(second.slice(0, some));
  return { process, halfMiB, endMiB: median(second.slice(-some)), boundMiB: growthBoundMiB(halfMiB) };
}

function median(samples: readonly MemorySample[]): number {
  const sorted = samples.map(({ rssMiB }) => rssMiB).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

const width = 900;
const height = 420;
const margin = 50;

/** RSS over time, a line for each process. */
export function memoryGraph(title: string, samples: Readonly<Record<string, readonly MemorySample[]>>): string {
  const all = Object.values(samples).flat();
  const lastMs = Math.max(1, ...all.map(({ atMs }) => atMs));
  const mostMiB = Math.max(1, ...all.map(({ rssMiB }) => rssMiB));
  const x = (ms: number): string => (margin + (ms / lastMs) * (width - 2 * margin)).toFixed(1);
  const y = (mebibytes: number): string => (height - margin - (mebibytes / mostMiB) * (height - 2 * margin)).toFixed(1);
  const names = Object.keys(samples);
  const colour = (index: number): string => `hsl(${Math.round((index * 360) / names.length)} 65% 42%)`;
  const lines = names.map((name, index) => {
    const points = (samples[name] ?? []).map(({ atMs, rssMiB }) => `${x(atMs)},${y(rssMiB)}`).join(" ");
    const label = `<text x="${width + 5}" y="${margin + index * 16}" fill="${colour(index)}">${name}</text>`;
    return `<polyline fill="none" stroke="${colour(index)}" stroke-width="1.5" points="${points}"/>${label}`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width + 220}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="white"/><text x="${margin}" y="24" font-size="15">${title}</text>`,
    `<path d="M${margin} ${margin}V${height - margin}H${width - margin}" fill="none" stroke="black"/>`,
    `<text x="4" y="${y(mostMiB)}">${mostMiB.toFixed(0)} MiB</text><text x="4" y="${y(0)}">0</text>`,
    `<text x="${width - margin}" y="${height - margin + 18}">${(lastMs / 1_000).toFixed(0)} s</text>`,
    ...lines,
    "</svg>\n",
  ].join("\n");
}
