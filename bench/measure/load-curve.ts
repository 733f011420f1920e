import { type LatencyPoint, latencyAt } from "./latency.ts";
import type { Side } from "./side.ts";

/** Shares of a side's own saturation that its latency is measured at; the first warms it up and is not shown. */
export const loadShares = [0.2, 0.1, 0.3, 0.5, 0.7, 0.9] as const;

export interface LoadPoint extends LatencyPoint {
  readonly share: number;
}

/** One side's latency under more and more load, without stopping between. */
export async function loadCurve(
  start: () => Promise<Side>,
  saturationPerSecond: number,
  durationMs: number,
): Promise<readonly LoadPoint[]> {
  await using side = await start();
  await side.begin();
  const points: LoadPoint[] = [];
  let firstN = 0;
  for (const share of loadShares) {
    const perSecond = Math.round(saturationPerSecond * share);
    points.push({ share, ...(await latencyAt(side, { perSecond, durationMs, firstN })) });
    firstN += Math.floor((perSecond * durationMs) / 1_000);
  }
  return points.slice(1);
}
