import type { Bus } from "@caxton/bus/types";
import type { RouteEntry } from "@caxton/contracts/placement";
import type { Health } from "@caxton/service/health";
import type { Logger } from "@caxton/telemetry/logger";
import type { SpanSink } from "@caxton/telemetry/span";
import { Processors } from "./adapters/processors.ts";
import { watchRoutes } from "./adapters/route-watch.ts";
import { AgentLane } from "./agent-lane.ts";
import { OutcomeFeed } from "./relay/outcome-feed.ts";
import { startRelay, type Relay } from "./relay/relay.ts";

export interface RouterOptions {
  readonly bus: Bus;
  readonly log: Logger;
  /** Tells routers apart; appears in route acknowledgements and relay leases. */
  readonly id: string;
  /** After this time without a sign of life from a router its messages go to another. */
  readonly ackWaitMs?: number;
  /** Off where a router shall only route; on unless given. */
  readonly relay?: boolean;
  /** Of the messages that come without a trace, this share (0–1) is given one; none unless given. */
  readonly traceShare?: number;
  /** Where spans go; nowhere unless given. */
  readonly spans?: SpanSink;
  /** Told of every inbox that cannot be read and every outcome that cannot be stored. */
  readonly health?: Health;
}

export const defaultAckWaitMs = 10_000;

/** Follows every agent that has a route: its messages to its versions, and what they say onwards. */
export async function startRouter(options: RouterOptions): Promise<{ close(): Promise<void> }> {
  const { bus, log, id, ackWaitMs = defaultAckWaitMs, relay = true, traceShare = 0, spans } = options;
  const lanes = new Map<string, AgentLane>();
  const relays = new Map<string, Relay>();
  const stop = new AbortController();
  const processors = new Processors();
  const busyShare = (): number => processors.busyShare;
  const endReadiness = options.health?.require("router", () =>
    [...lanes].flatMap(([agent, { trouble }]) => (trouble === undefined ? [] : [`${agent}: ${trouble.message}`])),
  );

  function onRoute(route: RouteEntry): void {
    const { agent } = route;
    const lane = lanes.get(agent);
    if (lane !== undefined) return lane.applyRoute(route);
    const feed = new OutcomeFeed();
    lanes.set(
      agent,
      new AgentLane(
        {
          bus,
          log,
          routerId: id,
          agent,
          ackWaitMs,
          traceShare,
          feed,
          busyShare,
          relayStatus: () => relays.get(agent)?.status(),
        },
        route,
      ),
    );
    if (relay) relays.set(agent, startRelay({ bus, log, holder: id, agent, feed, spans }));
  }

  const watch = await watchRoutes(bus, log, onRoute, stop.signal);
  return {
    async close() {
      endReadiness?.();
      stop.abort();
      processors.close();
      await watch.ended;
      await Promise.all([...lanes.values()].map((lane) => lane.close()));
      await Promise.all([...relays.values()].map((one) => one.close()));
    },
  };
}
