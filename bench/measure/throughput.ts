import { fill } from "./messages.ts";
import type { Side } from "./side.ts";

/** Messages a second of one side, from a full inbox until everything is done and stored. */
export async function throughputOf(start: () => Promise<Side>, count: number): Promise<number> {
  await using side = await start();
  await fill(side, count);
  const startedMs = performance.now();
  await side.begin();
  await side.finished(count);
  return (count / (performance.now() - startedMs)) * 1_000;
}
