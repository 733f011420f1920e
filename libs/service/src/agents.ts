import type { Bus } from "@caxton/bus/types";
import { routeBucket } from "@caxton/contracts/subjects";

/** Every agent that has or gets a route, each once; goes on until `signal` aborts. */
export async function* watchAgents(bus: Bus, signal: AbortSignal): AsyncGenerator<string, void> {
  const seen = new Set<string>();
  const routes = await bus.kv(routeBucket);
  for await (const change of routes.watch({ signal })) {
    const agent = change.type === "put" ? change.entry.key : change.key;
    if (seen.has(agent)) continue;
    seen.add(agent);
    yield agent;
  }
}
