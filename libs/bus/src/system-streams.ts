import { systemStreams } from "@caxton/contracts/system-streams";
import type { Bus } from "./types.ts";

export async function ensureSystemStreams(bus: Bus): Promise<void> {
  for (const spec of systemStreams) await bus.streams.ensure(spec);
}
