import type { VersionLaneStatus } from "@caxton/contracts/lane-status";
import type { RouteEntry } from "@caxton/contracts/placement";
import { chooseVersion } from "@caxton/deployment/split";
import { splitKey } from "@caxton/contracts/inbound";
import { roomOf, takerOf, type Place } from "../core/overflow.ts";
import { assign, type Held } from "./held.ts";
import { VersionLane, type VersionLaneOptions } from "./version-lane.ts";

interface Target extends Place {
  readonly lane: VersionLane;
}

export interface VersionLanesOptions extends Pick<
  VersionLaneOptions,
  "bus" | "log" | "agent" | "settle" | "stale" | "busyShare"
> {
  /** What `room` or `status` say may be different now. */
  changed(): void;
}

const defaultTimeoutMs = 1_000;

/** An agent's versions at one router: who is asked about a message, by the route and by how each version is doing. */
export class VersionLanes {
  readonly #options: VersionLanesOptions;
  readonly #lanes = new Map<string, VersionLane>();
  #route: RouteEntry;
  #targets: readonly Target[] = [];

  constructor(options: VersionLanesOptions, route: RouteEntry) {
    this.#options = options;
    this.#route = route;
    this.#targets = this.#targetsOf(route);
  }

  get route(): RouteEntry {
    return this.#route;
  }

  /** @returns what waited for a version: to be placed anew */
  applyRoute(route: RouteEntry): readonly Held[] {
    this.#route = route;
    this.#targets = this.#targetsOf(route);
    const waiting = this.withdraw();
    for (const lane of this.#lanes.values()) lane.routeChanged();
    return waiting;
  }

  /** The versions that messages could go to, where nobody answers at any of them. */
  get away(): readonly string[] | undefined {
    const asked = this.#targets.filter(({ share }) => share > 0);
    return asked.some(({ lane }) => lane.available) ? undefined : asked.map(({ version }) => version);
  }

  /** How many more messages may be taken in while `heldInAll` are held. */
  room(heldInAll: number): number {
    return roomOf(this.#targets, heldInAll);
  }

  /** @returns false where the route names no version for it */
  place(held: Held): boolean {
    assign(held, undefined);
    const meant = this.#meantFor(held);
    if (meant === undefined) return false;
    const taker = takerOf(meant, this.#targets) ?? meant;
    const passed = taker === meant ? this.#passedBy(held) : meant;
    held.overflowedFrom = passed?.version;
    if (passed !== undefined) passed.lane.overflowed += 1;
    assign(held, taker.lane);
    taker.lane.offer(held);
    return true;
  }

  /** What a canary failed on, and what was delivered before, goes to the stable version (DESIGN.md, rule 6). */
  #meantFor({ inbound, fellBack }: Held): Target | undefined {
    const isSure = this.#canary !== undefined && (fellBack || inbound.deliveryCount > 1);
    if (isSure) return this.#targets.find(({ canary }) => !canary);
    const version = chooseVersion(this.#route.targets, this.#options.agent, splitKey(inbound));
    return this.#targets.find((target) => target.version === version);
  }

  /** The canary that a message was meant for and that did not come to it. */
  #passedBy({ fellBack, attempts }: Held): Target | undefined {
    if (!fellBack) return undefined;
    const canary = this.#canary;
    return attempts.some(({ version }) => version === canary?.version) ? undefined : canary;
  }

  get #canary(): Target | undefined {
    return this.#targets.find(({ canary }) => canary);
  }

  /** The canary of the route and what is under way there. */
  get onTrial(): { readonly version: string; readonly agesMs: readonly number[] } | undefined {
    const target = this.#canary;
    return target === undefined ? undefined : { version: target.version, agesMs: target.lane.agesMs };
  }

  /** Takes out everything that waits. */
  withdraw(): readonly Held[] {
    return [...this.#lanes.values()].flatMap((lane) => lane.withdraw());
  }

  exited(version: string, instance: string, reason: string): void {
    this.#lanes.get(version)?.exited(instance, reason);
  }

  status(): VersionLaneStatus[] {
    return this.#targets.map(({ version, lane }) => {
      const { available, held, inFlight, overflowed } = lane;
      return { version, available, held, inFlight, overflowed };
    });
  }

  /** Lets go of versions that the route no longer names. */
  forgetIdle(): void {
    for (const [version, lane] of this.#lanes) {
      if (this.#named(version) || lane.inFlight > 0) continue;
      lane.close();
      this.#lanes.delete(version);
    }
  }

  close(): void {
    for (const lane of this.#lanes.values()) lane.close();
  }

  #targetsOf(route: RouteEntry): Target[] {
    return route.targets.map(({ version, share, canary }) => ({
      version,
      share,
      canary: canary !== undefined,
      lane: this.#lane(version),
    }));
  }

  #named(version: string): boolean {
    return this.#targets.some((target) => target.version === version);
  }

  #lane(version: string): VersionLane {
    const existing = this.#lanes.get(version);
    if (existing !== undefined) return existing;
    const { bus, log, agent, settle, stale, busyShare } = this.#options;
    let standIn = false;
    const lane: VersionLane = new VersionLane({
      bus,
      log,
      agent,
      version,
      settle,
      stale,
      busyShare,
      routeRevision: () => this.#route.revision,
      messageTimeoutMs: () =>
        this.#route.targets.find((target) => target.version === version)?.messageTimeoutMs ?? defaultTimeoutMs,
      named: () => this.#named(version),
      hasStandIn: () => {
        const target = this.#route.targets.find((one) => one.version === version);
        // Who is no longer named is judged as it was when it was asked.
        if (target !== undefined) standIn = target.canary?.onFailure === "fallback";
        return standIn;
      },
      healthChanged: () => this.#healthChanged(lane),
    });
    this.#lanes.set(version, lane);
    return lane;
  }

  /** What waits for a version that is away or hangs goes to another that can take it. */
  #healthChanged(lane: VersionLane): void {
    if (this.#targets.length > 1 && (!lane.available || lane.troubled)) {
      const waiting = lane.withdraw();
      for (const held of waiting) assign(held, undefined);
      for (const held of waiting) if (!this.place(held)) this.#options.stale([held], 0);
    }
    this.#options.changed();
  }
}
