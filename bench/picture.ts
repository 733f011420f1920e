import type { LoadPoint } from "./measure/load-curve.ts";

export interface Curve {
  readonly name: string;
  readonly colour: string;
  readonly points: readonly LoadPoint[];
}

const size = { width: 760, height: 420 };
const frame = { left: 70, right: 20, top: 40, bottom: 60 };
const ticks = 5;

/** Latency over throughput, one line for p50 (dashed) and one for p99 (solid) of each curve; the latency axis is logarithmic. */
export function latencyPicture(curves: readonly Curve[]): string {
  const all = curves.flatMap(({ points }) => points);
  const maxRate = Math.max(...all.map(({ perSecond }) => perSecond)) * 1.05;
  const minMs = 10 ** Math.floor(Math.log10(Math.min(...all.map(({ p50Ms }) => p50Ms))));
  const maxMs = 10 ** Math.ceil(Math.log10(Math.max(...all.map(({ p99Ms }) => p99Ms))));
  const x = (rate: number): number => frame.left + (rate / maxRate) * (size.width - frame.left - frame.right);
  const y = (ms: number): number => {
    const share = Math.log(ms / minMs) / Math.log(maxMs / minMs);
    return size.height - frame.bottom - share * (size.height - frame.top - frame.bottom);
  };
  const line = (points: readonly LoadPoint[], of: (point: LoadPoint) => number): string =>
    points.map((point) => `${x(point.perSecond).toFixed(1)},${y(of(point)).toFixed(1)}`).join(" ");
  const drawn = curves.flatMap(({ name, colour, points }, at) => [
    `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${line(points, ({ p99Ms }) => p99Ms)}"/>`,
    `<polyline fill="none" stroke="${colour}" stroke-dasharray="5 4" points="${line(points, ({ p50Ms }) => p50Ms)}"/>`,
    `<text x="${frame.left + 10}" y="${frame.top + 16 + at * 18}" fill="${colour}">${name}: p99 solid, p50 dashed</text>`,
  ]);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" font-family="sans-serif" font-size="13">`,
    `<rect width="100%" height="100%" fill="white"/>`,
    ...rateTicks(maxRate, x),
    ...decades(minMs, maxMs, y),
    ...drawn,
    `<text x="${size.width / 2}" y="${size.height - 16}" text-anchor="middle">messages a second, open loop</text>`,
    `<text x="16" y="24">latency from due to stored output, ms</text>`,
    "</svg>",
    "",
  ].join("\n");
}

function rateTicks(maxRate: number, x: (rate: number) => number): string[] {
  const step = Number((maxRate / ticks).toPrecision(1));
  const rates = Array.from({ length: Math.floor(maxRate / step) + 1 }, (_, at) => at * step);
  const bottom = size.height - frame.bottom;
  return rates.flatMap((rate) => [
    `<line x1="${x(rate)}" y1="${frame.top}" x2="${x(rate)}" y2="${bottom}" stroke="#eee"/>`,
    `<text x="${x(rate)}" y="${bottom + 18}" text-anchor="middle">${rate}</text>`,
  ]);
}

function decades(minMs: number, maxMs: number, y: (ms: number) => number): string[] {
  const lines: string[] = [];
  for (let ms = minMs; ms <= maxMs * 1.001; ms *= 10) {
    lines.push(
      `<line x1="${frame.left}" y1="${y(ms)}" x2="${size.width - frame.right}" y2="${y(ms)}" stroke="#ddd"/>`,
      `<text x="${frame.left - 8}" y="${y(ms) + 4}" text-anchor="end">${Number(ms.toPrecision(1))}</text>`,
    );
  }
  return lines;
}
