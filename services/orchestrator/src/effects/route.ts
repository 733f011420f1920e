import { decodeJson, encodeJson } from "@caxton/bus/json";
import { defaultLimits } from "@caxton/contracts/limits";
import { RouteAck, type RouteEntry } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import { routeAckSubject, routeQuerySubject } from "@caxton/contracts/subjects";
import type { AgentState } from "@caxton/deployment/state";
import { livingServices, presenceTtlMs } from "@caxton/service/presence";
import type { EffectContext, EffectResult } from "./effect-context.ts";
import { openInbox } from "./inbox.ts";

const routeAck = checker("route acknowledgement", RouteAck);
const askAgainMs = 100;
/** Longer than a dead router is taken for a living one. */
const sayLateAfterMs = presenceTtlMs + 1_000;

/** Writes the route and waits until every live router follows it. */
export async function applyRoute(revision: number, context: EffectContext): EffectResult {
  const { agent, state, now } = context;
  const beganAtMs = now();
  if (state.undeployed !== undefined && state.route.targets.length > 0) await openInbox(context);
  const routers = await followed(entryFor(agent, state), revision, context);
  return { type: "route-applied", revision, routers, appliedMs: now() - beganAtMs };
}

function entryFor(agent: string, state: AgentState): RouteEntry {
  const { route, deployments, rollout } = state;
  const onTrial = route.targets.length > 1 && rollout !== undefined ? deployments[rollout] : undefined;
  const timeouts = new Map(Object.values(deployments).map(({ version, limits }) => [version, limits.messageTimeoutMs]));
  return {
    agent,
    revision: route.revision,
    targets: route.targets.map(({ version, share }) => ({
      version,
      share,
      messageTimeoutMs: timeouts.get(version) ?? defaultLimits.messageTimeoutMs,
      ...(onTrial?.version === version ? { canary: { onFailure: onTrial.judging?.onFailure ?? "fallback" } } : {}),
    })),
    closed: route.closed.map((closing) => ({ ...closing })),
    ...stoppage(state),
  };
}

/** Why nothing is taken out of the inbox, or what becomes of it instead. */
function stoppage({ agent, hold, undeploy, undeployed, route }: AgentState): Pick<RouteEntry, "paused" | "refused"> {
  const gone = route.targets.length === 0 ? (undeploy ?? undeployed) : undefined;
  if (gone !== undefined) {
    const message = `${agent} was undeployed by ${gone.actor}: ${gone.reason}`;
    if (gone.inbox === "dead-letter") return { refused: { code: "undeployed", reason: message } };
    return { paused: { code: "undeployed", message } };
  }
  if (hold === undefined) return {};
  return { paused: { code: "held", message: `${agent} is held by ${hold.actor}: ${hold.reason}` } };
}

/** @returns how many routers follow the entry once it is written; at least one, and every one that is alive */
async function followed(
  entry: RouteEntry,
  revision: number,
  { bus, agent, routes, signal, log }: EffectContext,
): Promise<number> {
  const follows = new Map<string, number>();
  let living: readonly string[] | undefined;
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  // It may be cancelled while the routers are being asked, before anybody waits for it.
  promise.catch(() => undefined);
  const check = () => {
    if (living === undefined || living.length === 0) return;
    if (living.every((router) => (follows.get(router) ?? -1) >= revision)) resolve(living.length);
  };
  const subscription = bus.subscribe(routeAckSubject(agent), (message) => {
    const ack = routeAck.check(decodeJson(message.data));
    follows.set(ack.router, Math.max(ack.revision, follows.get(ack.router) ?? 0));
    check();
  });
  const look = async () => {
    living = (await livingServices(bus, "router")).map(({ id }) => id);
    check();
  };
  // Each says it by itself when it reads the entry; who had read it before has to be asked.
  const ask = () => bus.publish(routeQuerySubject(agent), encodeJson({ revision }));
  const write = async () => {
    // The server takes both in this order, so no acknowledgement is missed.
    await Promise.all([subscription.ready, routes.write(entry)]);
    ask();
  };
  const askAgain = async () => {
    ask();
    await look();
  };
  let timer: NodeJS.Timeout | undefined;
  const begin = async () => {
    await Promise.all([write(), look()]);
    if (!signal.aborted) timer = setInterval(() => void askAgain().catch(() => undefined), askAgainMs);
  };
  const late = setTimeout(() => {
    const missing = living?.filter((router) => (follows.get(router) ?? -1) < revision) ?? [];
    const whom = missing.length === 0 ? "no router is alive: start one" : `not yet by ${missing.join(", ")}`;
    log.warn({ revision }, `the route waits to be followed, ${whom}`);
  }, sayLateAfterMs);
  const cancelled = () => reject(signal.reason);
  signal.addEventListener("abort", cancelled, { once: true });
  try {
    // Waited for at once: a rejection that nobody waits for yet would end the process.
    const [routers] = await Promise.all([promise, begin()]);
    return routers;
  } finally {
    signal.removeEventListener("abort", cancelled);
    clearInterval(timer);
    clearTimeout(late);
    subscription.close();
  }
}
