import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus, Delivery, Subscription } from "@caxton/bus/types";
import { InstanceExit } from "@caxton/contracts/agent-run";
import { toCaxtonError } from "@caxton/contracts/errors";
import type { RouteAck, RouteEntry } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import { instanceExitSubject, routeAckSubject, routeQuerySubject } from "@caxton/contracts/subjects";
import { chooseVersion } from "@caxton/deployment/split";
import type { Logger } from "@caxton/telemetry/logger";
import { KeepAlive, type Held } from "./adapters/held.ts";
import { Intake } from "./adapters/intake.ts";
import { storeOutcome } from "./adapters/outcome-writer.ts";
import { pause, Signal } from "./adapters/signal.ts";
import { VersionLane } from "./adapters/version-lane.ts";
import { inboundOf, splitKey } from "./core/inbound.ts";
import { refusal, type Decision } from "./core/judgement.ts";

export interface AgentLaneOptions {
  readonly bus: Bus;
  readonly log: Logger;
  readonly routerId: string;
  readonly agent: string;
  readonly ackWaitMs: number;
}

const instanceExit = checker("instance exit", InstanceExit);
/** Most messages one router holds for an agent, and most that all its routers hold together. */
const window = 1_024;
const maxAckPending = 2_048;
const closeTimeoutMs = 10_000;
const defaultTimeoutMs = 1_000;

/** One agent's messages at one router: inbox → version → outcome → ack. */
export class AgentLane {
  readonly #options: AgentLaneOptions;
  readonly #keepAlive: KeepAlive;
  readonly #intake: Intake;
  readonly #versions = new Map<string, VersionLane>();
  readonly #subscriptions: readonly Subscription[];
  readonly #stopped = new AbortController();
  readonly #released = new Signal();
  /** Held while the route names no version for them, or until a newer one comes. */
  #parked: Held[] = [];
  #route: RouteEntry;

  constructor(options: AgentLaneOptions, route: RouteEntry) {
    this.#options = options;
    this.#route = route;
    const { bus, log, agent, ackWaitMs } = options;
    const onError = (error: unknown): void => log.warn({ agent }, toCaxtonError(error).message);
    this.#keepAlive = new KeepAlive(ackWaitMs);
    this.#subscriptions = [
      bus.subscribe(instanceExitSubject(agent, "*"), (message) => this.#exited(message.subject, message.data), {
        onError,
      }),
      bus.subscribe(routeQuerySubject(agent), () => this.#acknowledgeRoute(), { onError }),
    ];
    const room = (): number => this.#room();
    const take = (delivery: Delivery, epoch: string): void => this.#take(delivery, epoch);
    this.#intake = new Intake({ bus, log, agent, ackWaitMs, maxAckPending, room, take });
    this.#acknowledgeRoute();
  }

  /** From now on new messages, and those that wait, go by this route; an older one is ignored. */
  applyRoute(route: RouteEntry): void {
    if (route.revision < this.#route.revision) return;
    this.#route = route;
    const waiting = [...this.#parked, ...[...this.#versions.values()].flatMap((lane) => lane.withdraw())];
    this.#parked = [];
    for (const held of waiting) this.#place(held);
    this.#forgetIdle();
    this.#acknowledgeRoute();
    this.#intake.roomChanged();
  }

  /** Finishes what is in flight, for at most 10 s, and gives the rest back. */
  async close(): Promise<void> {
    await this.#intake.close();
    for (const lane of this.#versions.values()) this.#giveBack(lane.withdraw());
    this.#giveBack(this.#parked.splice(0));
    const late = pause(closeTimeoutMs, this.#stopped.signal).then(() => true);
    while (this.#keepAlive.size > 0) {
      if (await Promise.race([this.#released.wait().then(() => false), late])) break;
    }
    this.#stopped.abort();
    this.#keepAlive.close();
    for (const lane of this.#versions.values()) lane.close();
    for (const subscription of this.#subscriptions) subscription.close();
  }

  #room(): number {
    const { targets } = this.#route;
    const reachable = targets.every(({ version }) => this.#versions.get(version)?.available !== false);
    return targets.length > 0 && reachable ? window - this.#keepAlive.size : 0;
  }

  #take(delivery: Delivery, epoch: string): void {
    const inbound = inboundOf(this.#options.agent, epoch, delivery);
    const { body = "" } = inbound;
    const heldSinceMs = performance.now();
    const held: Held = { inbound, delivery, body, heldSinceMs, attempts: [], asking: "batch", silences: 0 };
    this.#keepAlive.add(held);
    const refused = refusal(inbound);
    if (refused === undefined) this.#place(held);
    else this.#settle(held, { kind: "dead-lettered", ...refused });
  }

  #place(held: Held): void {
    if (!this.#keepAlive.has(held)) return;
    const version = chooseVersion(this.#route.targets, this.#options.agent, splitKey(held.inbound));
    if (version === undefined) this.#parked.push(held);
    else this.#lane(version).offer(held);
  }

  #lane(version: string): VersionLane {
    const existing = this.#versions.get(version);
    if (existing !== undefined) return existing;
    const { bus, log, agent } = this.#options;
    const lane = new VersionLane({
      bus,
      log,
      agent,
      version,
      routeRevision: () => this.#route.revision,
      messageTimeoutMs: () =>
        this.#route.targets.find((target) => target.version === version)?.messageTimeoutMs ?? defaultTimeoutMs,
      settle: (held, decision) => this.#settle(held, decision),
      stale: (messages, closedAtRevision) => this.#stale(messages, closedAtRevision),
      availabilityChanged: () => this.#intake.roomChanged(),
    });
    this.#versions.set(version, lane);
    return lane;
  }

  #settle(held: Held, decision: Decision): void {
    if (decision.kind !== "again") {
      void this.#decide(held, decision);
      return;
    }
    if (decision.attempt !== undefined) held.attempts.push(decision.attempt);
    held.asking = decision.asking;
    if (decision.delayMs === 0) this.#again(held);
    else void pause(decision.delayMs, this.#stopped.signal).then(() => this.#again(held));
  }

  #again(held: Held): void {
    if (this.#intake.closed) this.#giveBack([held]);
    else this.#place(held);
  }

  async #decide(held: Held, final: Exclude<Decision, { kind: "again" }>): Promise<void> {
    const { bus, log } = this.#options;
    // Should the ack be lost, the message comes again, and its stored outcome answers for it.
    const stored = await storeOutcome(bus, log, held, final, this.#stopped.signal);
    if (stored) held.delivery.ackUnconfirmed();
    if (this.#keepAlive.release(held)) this.#freed();
  }

  #stale(messages: readonly Held[], closedAtRevision: number): void {
    if (this.#route.revision < closedAtRevision) this.#parked.push(...messages);
    else for (const held of messages) this.#again(held);
  }

  #giveBack(messages: readonly Held[]): void {
    for (const held of messages) {
      if (!this.#keepAlive.release(held)) continue;
      held.delivery.nak();
      this.#freed();
    }
  }

  #freed(): void {
    this.#released.notify();
    this.#intake.roomChanged();
  }

  #exited(subject: string, data: Uint8Array): void {
    const version = subject.slice(subject.lastIndexOf(".") + 1);
    const { instance, reason } = instanceExit.check(decodeJson(data));
    this.#versions.get(version)?.exited(instance, reason);
  }

  #acknowledgeRoute(): void {
    const { bus, log, routerId, agent } = this.#options;
    const ack: RouteAck = { router: routerId, revision: this.#route.revision };
    try {
      bus.publish(routeAckSubject(agent), encodeJson(ack));
    } catch (error) {
      // Who wants to know asks again when the bus is back.
      log.debug({ agent }, `route not acknowledged: ${toCaxtonError(error).message}`);
    }
  }

  #forgetIdle(): void {
    const named = new Set(this.#route.targets.map((target) => target.version));
    for (const [version, lane] of this.#versions) {
      if (named.has(version) || lane.inFlight > 0) continue;
      lane.close();
      this.#versions.delete(version);
    }
  }
}
