import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus, Delivery, Subscription } from "@caxton/bus/types";
import { InstanceExit } from "@caxton/contracts/agent-run";
import { CaxtonError, isErrorCode, toCaxtonError } from "@caxton/contracts/errors";
import type { LaneStatus, RelayLaneStatus } from "@caxton/contracts/lane-status";
import type { RouteAck, RouteEntry } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import { type InFlight, inFlightMax } from "@caxton/contracts/watched-step";
import { instanceExitSubject, routeAckSubject, routeQuerySubject } from "@caxton/contracts/subjects";
import type { Logger } from "@caxton/telemetry/logger";
import { assign, KeepAlive, type Held } from "./adapters/held.ts";
import { Intake } from "./adapters/intake.ts";
import { InFlightReport } from "./adapters/in-flight-report.ts";
import { LaneReport } from "./adapters/lane-report.ts";
import { OutcomeWriter } from "./adapters/outcome-writer.ts";
import { pause, Signal } from "./adapters/signal.ts";
import { VersionLanes } from "./adapters/version-lanes.ts";
import { inboundOf } from "@caxton/contracts/inbound";
import { refusal, type Decision } from "./core/judgement.ts";
import { window } from "./core/overflow.ts";
import type { OutcomeFeed } from "./relay/outcome-feed.ts";

export interface AgentLaneOptions {
  readonly bus: Bus;
  readonly log: Logger;
  readonly routerId: string;
  readonly agent: string;
  readonly ackWaitMs: number;
  /** Of the messages that come without a trace, this share (0–1) is given one. */
  readonly traceShare: number;
  /** How busy the processors here are, 0–1. */
  busyShare(): number;
  /** What this router's relay does for the agent, where it does. */
  relayStatus?(): readonly RelayLaneStatus[] | undefined;
  /** Told of every outcome that is stored. */
  readonly feed: OutcomeFeed;
}

const instanceExit = checker("instance exit", InstanceExit);
/** Most messages that all routers of an agent hold together: sixteen full windows, so that no router's take another's. */
const maxAckPending = 16 * window;
const closeTimeoutMs = 10_000;
/** What comes while nothing is to be taken is given back for so long: until the request that brought it is over. */
const pausedNakMs = 1_000;

/** One agent's messages at one router: inbox → version → outcome → ack. */
export class AgentLane {
  readonly #options: AgentLaneOptions;
  readonly #keepAlive: KeepAlive;
  readonly #intake: Intake;
  readonly #outcomes: OutcomeWriter;
  readonly #versions: VersionLanes;
  readonly #report: LaneReport;
  readonly #inFlight: InFlightReport;
  readonly #subscriptions: readonly Subscription[];
  readonly #stopped = new AbortController();
  readonly #released = new Signal();
  /** Held while the route names no version for them, or until a newer one comes. */
  #parked: Held[] = [];
  /** Why nothing is taken out of the inbox, where that is so. */
  #waitsFor: CaxtonError | undefined;

  constructor(options: AgentLaneOptions, route: RouteEntry) {
    this.#options = options;
    const { bus, log, agent, ackWaitMs, feed } = options;
    const settle = (held: Held, decision: Decision): void => this.#settle(held, decision);
    const stale = (messages: readonly Held[], revision: number): void => this.#stale(messages, revision);
    const changed = (): void => this.#changed();
    const busyShare = (): number => options.busyShare();
    this.#versions = new VersionLanes({ bus, log, agent, settle, stale, changed, busyShare }, route);
    const onError = (error: unknown): void => log.warn({ agent_id: agent }, toCaxtonError(error).message);
    this.#keepAlive = new KeepAlive(ackWaitMs);
    this.#outcomes = new OutcomeWriter({ bus, log, agent, feed, troubleChanged: changed });
    this.#subscriptions = [
      bus.subscribe(instanceExitSubject(agent, "*"), (message) => this.#exited(message.subject, message.data), {
        onError,
      }),
      bus.subscribe(routeQuerySubject(agent), () => this.#acknowledgeRoute(), { onError }),
    ];
    const room = (): number => this.#room();
    const take = (delivery: Delivery, epoch: string): void => this.#take(delivery, epoch);
    this.#intake = new Intake({ bus, log, agent, ackWaitMs, maxAckPending, room, take, troubleChanged: changed });
    this.#report = new LaneReport({ bus, log, statusNow: () => this.#statusNow() });
    this.#inFlight = new InFlightReport({ bus, log, agent, inFlightNow: () => this.#inFlightNow() });
    this.#acknowledgeRoute();
    this.#changed();
  }

  /** Why this router can neither read the inbox nor store outcomes; that nobody answers is no trouble of its own. */
  get trouble(): CaxtonError | undefined {
    return this.#intake.trouble ?? this.#outcomes.trouble;
  }

  /** From now on new messages, and those that wait, go by this route; an older one is ignored. */
  applyRoute(route: RouteEntry): void {
    if (route.revision < this.#versions.route.revision) return;
    const waiting = [...this.#parked, ...this.#versions.applyRoute(route)];
    this.#parked = [];
    for (const held of waiting) assign(held, undefined);
    for (const held of waiting) this.#place(held);
    this.#versions.forgetIdle();
    this.#acknowledgeRoute();
    this.#changed();
  }

  /** Finishes what is in flight, for at most 10 s, and gives the rest back. */
  async close(): Promise<void> {
    await this.#intake.close();
    this.#giveBack(this.#versions.withdraw());
    this.#giveBack(this.#parked.splice(0));
    const late = pause(closeTimeoutMs, this.#stopped.signal).then(() => true);
    while (this.#keepAlive.size > 0) {
      if (await Promise.race([this.#released.wait().then(() => false), late])) break;
    }
    this.#stopped.abort();
    this.#keepAlive.close();
    this.#versions.close();
    this.#inFlight.close();
    for (const subscription of this.#subscriptions) subscription.close();
    await this.#report.close();
  }

  #room(): number {
    const { paused, refused } = this.#versions.route;
    // What cannot be stored is not worked out in advance.
    if (this.#outcomes.trouble !== undefined || paused !== undefined) return 0;
    return refused === undefined ? this.#versions.room(this.#keepAlive.size) : window - this.#keepAlive.size;
  }

  #take(delivery: Delivery, epoch: string): void {
    // It was asked for before that was so.
    if (this.#versions.route.paused !== undefined) return delivery.nak(pausedNakMs);
    const inbound = inboundOf(this.#options.agent, epoch, delivery, this.#options.traceShare);
    const { body = "" } = inbound;
    const heldSinceMs = performance.now();
    const held: Held = {
      inbound,
      delivery,
      body,
      heldSinceMs,
      attempts: [],
      slot: -1,
      asking: "batch",
      silences: 0,
      fellBack: false,
      lane: undefined,
      overflowedFrom: undefined,
    };
    this.#keepAlive.add(held);
    const refused = refusal(inbound);
    if (refused === undefined) this.#place(held);
    else this.#settle(held, { kind: "dead-lettered", ...refused });
  }

  #place(held: Held): void {
    const { refused } = this.#versions.route;
    if (refused !== undefined) return this.#settle(held, { kind: "dead-lettered", ...refused });
    if (this.#keepAlive.has(held) && !this.#versions.place(held)) this.#parked.push(held);
  }

  #settle(held: Held, decision: Decision): void {
    const { overflowedFrom } = held;
    const attempt =
      overflowedFrom === undefined || decision.attempt === undefined
        ? decision.attempt
        : { ...decision.attempt, overflowedFrom };
    if (decision.kind !== "again") {
      void this.#decide(held, attempt === undefined ? decision : { ...decision, attempt });
      return;
    }
    if (attempt !== undefined) held.attempts.push(attempt);
    held.asking = decision.asking;
    held.fellBack ||= decision.fallback === true;
    if (decision.delayMs === 0) this.#again(held);
    else void pause(decision.delayMs, this.#stopped.signal).then(() => this.#again(held));
  }

  #again(held: Held): void {
    if (this.#intake.closed) this.#giveBack([held]);
    else this.#place(held);
  }

  async #decide(held: Held, final: Exclude<Decision, { kind: "again" }>): Promise<void> {
    // Should the ack be lost, the message comes again, and its stored outcome answers for it.
    const stored = await this.#outcomes.store(held, final, this.#stopped.signal);
    if (stored) held.delivery.ackUnconfirmed();
    if (this.#keepAlive.release(held)) this.#freed();
  }

  #stale(messages: readonly Held[], closedAtRevision: number): void {
    if (this.#versions.route.revision < closedAtRevision) this.#parked.push(...messages);
    else for (const held of messages) this.#again(held);
  }

  #inFlightNow(): InFlight | undefined {
    const { onTrial, route } = this.#versions;
    if (onTrial === undefined) return undefined;
    const agesMs = onTrial.agesMs.slice(0, inFlightMax);
    return { router: this.#options.routerId, version: onTrial.version, routeRevision: route.revision, agesMs };
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
    this.#versions.exited(version, instance, reason);
  }

  #acknowledgeRoute(): void {
    const { bus, log, routerId, agent } = this.#options;
    const ack: RouteAck = { router: routerId, revision: this.#versions.route.revision };
    try {
      bus.publish(routeAckSubject(agent), encodeJson(ack));
    } catch (error) {
      // Who wants to know asks again when the bus is back.
      log.debug({ agent_id: agent }, `route not acknowledged: ${toCaxtonError(error).message}`);
    }
  }

  /** A version or the inbox became reachable or unreachable, or the route another one. */
  #changed(): void {
    const { log, agent } = this.#options;
    const before = this.#waitsFor;
    const now = this.#reasonToWait();
    this.#waitsFor = now;
    if (now?.code === "no-instance" && before?.code !== now.code)
      log.warn({ agent_id: agent, code: now.code }, `nothing is taken out of the inbox: ${now.message}`);
    if (now === undefined && before?.code === "no-instance") log.info({ agent_id: agent }, "messages are taken again");
    this.#report.changed();
    this.#intake.roomChanged();
  }

  #reasonToWait(): CaxtonError | undefined {
    const { trouble } = this;
    if (trouble !== undefined) return trouble;
    const { away, route } = this.#versions;
    const { paused, refused } = route;
    if (paused !== undefined) return new CaxtonError(isErrorCode(paused.code) ? paused.code : "held", paused.message);
    if (refused !== undefined || away === undefined) return undefined;
    const who = away.length === 0 ? "the route names no version" : `no instance of ${away.join(" or ")} answers`;
    return new CaxtonError("no-instance", who);
  }

  #statusNow(): LaneStatus {
    const { routerId, agent } = this.#options;
    const waitsFor = this.#waitsFor;
    const relay = this.#options.relayStatus?.();
    return {
      agent,
      router: routerId,
      routeRevision: this.#versions.route.revision,
      state: waitsFor === undefined ? "pulling" : "waiting",
      ...(waitsFor === undefined ? {} : { reason: { code: waitsFor.code, message: waitsFor.message } }),
      held: this.#keepAlive.size,
      versions: this.#versions.status(),
      ...(relay === undefined ? {} : { relay: [...relay] }),
      atMs: Date.now(),
    };
  }
}
