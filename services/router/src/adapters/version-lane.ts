import { askVersion, type Reply, requestTimes } from "@caxton/bus/ask-version";
import type { Bus } from "@caxton/bus/types";
import { versionNames } from "@caxton/contracts/version-names";
import type { RunAnswer } from "@caxton/contracts/agent-run";
import type { CaxtonError } from "@caxton/contracts/errors";
import { runMessage } from "@caxton/contracts/inbound";
import type { Logger } from "@caxton/telemetry/logger";
import { batchSize, smoothed, takeBatch, waitForCompanyMs } from "../core/batch.ts";
import { judge, judgeCrash, judgeSilence, judgeTooLarge, type Asked, type Decision } from "../core/judgement.ts";
import { judgeTrial, judgeTrialCrash, judgeTrialSilence } from "../core/trial.ts";
import { isTroubled, noTrouble, troubledAgain } from "../core/trouble.ts";
import type { Held } from "./held.ts";
import { Reach } from "./reach.ts";
import { SilenceWatch } from "./silence.ts";

export interface VersionLaneOptions {
  readonly bus: Pick<Bus, "request">;
  readonly log: Logger;
  readonly agent: string;
  readonly version: string;
  routeRevision(): number;
  /** The version's deadline for one message. */
  messageTimeoutMs(): number;
  settle(held: Held, decision: Decision): void;
  /** Nobody was asked, because the version is closed at this revision. */
  stale(messages: readonly Held[], closedAtRevision: number): void;
  /** Whether the route of now names the version. */
  named(): boolean;
  /** Whether the stable version stands in where this one fails: it is, or was last, a canary. */
  hasStandIn(): boolean;
  /** How busy the processors here are, 0–1. */
  busyShare(): number;
  /** The lane stopped or started to find instances, or to be troubled. */
  healthChanged(): void;
}

interface Flight {
  readonly messages: readonly Held[];
  readonly asked: Asked;
  readonly startedMs: number;
  /** Nothing else of ours is at the version. */
  readonly sole: boolean;
  readonly gone: AbortController;
  exitReason: string | undefined;
  /** What it had was first in line at the process that ended. */
  wasFirst: boolean;
  /** Its process went without a word, its host with it. */
  lost: boolean;
}

const inFlightMax = 8;
/** A canary has less in the air, so that less waits behind a message that hangs: this many requests, one once it is troubled. */
const trialInFlightMax = 4;
const trialBatchMax = 16;
const aloneInFlightMax = 4;
const instanceForgottenAfterMs = 10_000;
/** Where nobody listens any more, a host that lives has said by then which process of its ended. */
const exitAnnouncedWithinMs = 1_000;
const probeTimeoutMs = 500;
const troubles: ReadonlySet<string | undefined> = new Set(["agent-timeout", "agent-crash"]);

/** Asks one version: what waits, what is in flight, and whether anybody is there to be asked. */
export class VersionLane {
  readonly #options: VersionLaneOptions;
  #batch: Held[] = [];
  #alone: Held[] = [];
  #suspects: Held[] = [];
  /** In the order in which they were sent; a Set would grow old (see `Slots`). */
  #flights: readonly Flight[] = [];
  readonly #closed = new AbortController();
  /** Instances that answered, and when. */
  readonly #instances = new Map<string, number>();
  #messageMs = 0;
  readonly #reach = new Reach(() => this.#pump());
  #lossTimer: NodeJS.Timeout | undefined;
  readonly #silence = new SilenceWatch(() => this.#probe());
  #waitForRevision = 0;
  #pumping = false;
  #lastRequestMs = 0;
  #companyTimer: NodeJS.Timeout | undefined;
  #trouble = noTrouble;
  /** Messages that count for this lane. */
  held = 0;
  /** Messages meant for this version that another took. */
  overflowed = 0;

  constructor(options: VersionLaneOptions) {
    this.#options = options;
  }

  /** Whether somebody answers, as far as is known; where nobody did, the lane goes on asking while the route names it. */
  get available(): boolean {
    return this.#reach.available;
  }

  /** Nothing but timeouts, crashes and silence lately. */
  get troubled(): boolean {
    return isTroubled(this.#trouble);
  }

  /** Better left alone now. */
  get resting(): boolean {
    return performance.now() < this.#trouble.restsUntilMs;
  }

  get inFlight(): number {
    return this.#flights.length;
  }

  /**
   * How long what its processes work on now has been there, ms, as far as can be told from here: a request waits for those
   * before it, and a message for its neighbours, so that only one a process counts, less what its neighbours may take.
   */
  get agesMs(): readonly number[] {
    const nowMs = performance.now();
    const oldest = this.#flights.slice(0, Math.max(1, this.#instances.size));
    return oldest.map(({ startedMs, messages }) =>
      Math.max(0, nowMs - startedMs - this.#messageMs * (messages.length - 1)),
    );
  }

  offer(held: Held): void {
    if (held.asking === "suspect") this.#suspects.push(held);
    else if (held.asking === "alone") this.#alone.push(held);
    else this.#batch.push(held);
    this.#pumpSoon();
  }

  /** The route may name the version again, or have reached the revision that it waits for. */
  routeChanged(): void {
    this.#pumpSoon();
  }

  /** Takes out everything that waits. */
  withdraw(): readonly Held[] {
    const waiting = [...this.#suspects, ...this.#alone, ...this.#batch];
    this.#suspects = [];
    this.#alone = [];
    this.#batch = [];
    return waiting;
  }

  /** A process of the version ended. Where others are known to live, only those that do not answer were with it. */
  exited(instance: string, reason: string): void {
    this.#instances.delete(instance);
    const sinceMs = performance.now() - instanceForgottenAfterMs;
    for (const [name, seenMs] of this.#instances) if (seenMs < sinceMs) this.#instances.delete(name);
    const [first] = this.#flights;
    for (const flight of this.#flights) {
      flight.exitReason = reason;
      flight.wasFirst = flight === first;
      if (this.#instances.size === 0) flight.gone.abort();
    }
  }

  close(): void {
    this.#reach.close();
    clearTimeout(this.#lossTimer);
    clearTimeout(this.#companyTimer);
    this.#closed.abort();
    this.#silence.close();
  }

  /** Once what came in one piece was read, so that it goes out in one piece. */
  #pumpSoon(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    setImmediate(() => {
      this.#pumping = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#reach.pausing || this.#options.routeRevision() < this.#waitForRevision) return;
    while (this.#flights.length < this.#inFlightMax() && !this.#waitsForCompany()) {
      const next = this.#next();
      if (next.length === 0 && !this.#mustFindOut()) return;
      void this.#fly(next);
    }
  }

  #waitsForCompany(): boolean {
    const waitMs = waitForCompanyMs({
      waiting: this.#suspects.length + this.#alone.length > 0 ? 0 : this.#batch.length,
      sinceLastRequestMs: performance.now() - this.#lastRequestMs,
      busyShare: this.#options.busyShare(),
    });
    if (waitMs === 0) return false;
    this.#companyTimer ??= setTimeout(() => {
      this.#companyTimer = undefined;
      this.#pump();
    }, waitMs);
    return true;
  }

  #inFlightMax(): number {
    if (!this.available) return 1;
    if (!this.#options.hasStandIn()) return inFlightMax;
    return this.troubled ? 1 : trialInFlightMax;
  }

  /** With nothing to ask, an empty request finds out whether somebody came. */
  #mustFindOut(): boolean {
    return !this.available && this.#flights.length === 0 && !this.#closed.signal.aborted && this.#options.named();
  }

  #next(): Held[] {
    const flights = this.#flights;
    if (this.#suspects.length > 0 || flights.some((flight) => flight.sole)) {
      return flights.length === 0 ? this.#suspects.splice(0, 1) : [];
    }
    const alone = flights.filter((flight) => flight.messages[0]?.asking === "alone").length;
    if (this.#alone.length > 0 && alone < aloneInFlightMax) return this.#alone.splice(0, 1);
    const size = batchSize(this.#messageMs);
    const most = this.#options.hasStandIn() ? Math.min(size, trialBatchMax) : size;
    return takeBatch(this.#batch, most, (held) => held.inbound.data.length);
  }

  async #fly(messages: Held[]): Promise<void> {
    const { bus, agent, version } = this.#options;
    const routeRevision = this.#options.routeRevision();
    const sole = messages[0]?.asking === "suspect";
    const gone = new AbortController();
    const asked = { version, routeRevision };
    const flight: Flight = {
      messages,
      asked,
      startedMs: performance.now(),
      sole,
      gone,
      exitReason: undefined,
      wasFirst: false,
      lost: false,
    };
    this.#flights = [...this.#flights, flight];
    this.#lastRequestMs = flight.startedMs;
    this.#silence.begin();
    const reply = await askVersion(bus, {
      agent,
      version,
      routeRevision,
      ...requestTimes(this.#options.messageTimeoutMs(), this.#flights.length),
      messages: messages.map(({ inbound, body }, index) => runMessage(inbound, body, index)),
      hasStandIn: this.#options.hasStandIn(),
      gone: gone.signal,
    });
    this.#flights = this.#flights.filter((other) => other !== flight);
    this.#silence.heard(this.#flights.length);
    this.#land(flight, reply);
    this.#pumpSoon();
  }

  /** An empty request is answered at once by whoever lives, however busy; with all places taken by the dead nobody else would ask. */
  async #probe(): Promise<void> {
    const { bus, agent, version } = this.#options;
    const routeRevision = this.#options.routeRevision();
    const ask = { agent, version, routeRevision, budgetMs: probeTimeoutMs, timeoutMs: probeTimeoutMs };
    const reply = await askVersion(bus, { ...ask, messages: [], gone: this.#closed.signal });
    if (reply.kind === "nobody" && reply.error.code === "no-instance") this.#giveUpLater();
    if (this.#flights.length > 0 && !this.#closed.signal.aborted) this.#silence.begin();
  }

  #land(flight: Flight, reply: Reply): void {
    switch (reply.kind) {
      case "answer":
        return this.#answered(flight, reply.answer);
      case "nobody":
        return this.#nobody(flight, reply.error);
      case "too-large":
        for (const held of flight.messages) this.#options.settle(held, judgeTooLarge(flight.messages.length));
        return;
      case "gone":
      case "silence":
        for (const held of flight.messages) this.#options.settle(held, this.#unanswered(flight, held));
    }
  }

  #unanswered(flight: Flight, held: Held): Decision {
    if (flight.lost) return { kind: "again", asking: held.asking, delayMs: 0 };
    if (flight.exitReason !== undefined) {
      const tookMs = performance.now() - flight.startedMs;
      this.#troubled(tookMs);
      if (!this.#options.hasStandIn())
        return judgeCrash(held.attempts, flight.asked, flight.sole, flight.exitReason, tookMs);
      return judgeTrialCrash(flight.asked, flight.wasFirst && held === flight.messages[0], flight.exitReason, tookMs);
    }
    return this.#silent(flight, held);
  }

  #silent(flight: Flight, held: Held): Decision {
    const tookMs = performance.now() - flight.startedMs;
    this.#troubled(tookMs);
    if (this.#options.hasStandIn()) return judgeTrialSilence(flight.asked, tookMs);
    held.silences += 1;
    return judgeSilence(held.silences);
  }

  #answered(flight: Flight, answer: RunAnswer): void {
    this.#instances.set(answer.instance, performance.now());
    if (!this.available) {
      this.#reach.answered();
      this.#options.log.info(
        { agent_id: this.#options.agent, version: this.#options.version },
        "an instance answers again",
      );
      this.#options.healthChanged();
    }
    if (answer.status === "refused") {
      this.#waitForRevision = Math.max(this.#waitForRevision, answer.closedAtRevision);
      this.#options.stale(flight.messages, answer.closedAtRevision);
      return;
    }
    if (answer.status === "busy") return this.#busy(flight);
    this.#reach.notBusy();
    const results = new Map(answer.results.map((result) => [result.index, result]));
    for (const [index, held] of flight.messages.entries()) {
      const result = results.get(index) ?? { index, result: "unfinished" };
      if (result.result !== "unfinished") this.#messageMs = smoothed(this.#messageMs, result.latencyMs);
      if (result.result === "failed" && troubles.has(result.code)) this.#troubled(result.latencyMs);
      else if (result.result !== "unfinished") this.#well();
      const silent = result.result === "unfinished" && flight.messages.length === 1;
      const decision = silent ? this.#silent(flight, held) : judge(held.attempts, flight.asked, result);
      this.#options.settle(held, this.#options.hasStandIn() ? judgeTrial(decision) : decision);
    }
  }

  #troubled(tookMs: number): void {
    const { troubled } = this;
    this.#trouble = troubledAgain(this.#trouble, performance.now(), tookMs);
    if (this.troubled !== troubled) this.#options.healthChanged();
  }

  #well(): void {
    const { troubled } = this;
    this.#trouble = noTrouble;
    if (troubled) this.#options.healthChanged();
  }

  /** Counts for nothing: more routers ask than the instance lets wait. */
  #busy(flight: Flight): void {
    this.#reach.busy();
    this.#again(flight);
  }

  /** Placed anew: the route may name another version by now. */
  #again(flight: Flight): void {
    for (const held of flight.messages) this.#options.settle(held, { kind: "again", asking: held.asking, delayMs: 0 });
  }

  /** Counts for nothing: they wait, and one request after a while finds out whether somebody came. */
  #nobody(flight: Flight, error: CaxtonError): void {
    const { agent, version, log } = this.#options;
    const wasAvailable = this.available;
    if (wasAvailable)
      log.warn({ agent_id: agent, ...versionNames(version), code: error.code }, "no instance of the version answers");
    if (error.code === "no-instance") this.#giveUpLater();
    this.#reach.nobody();
    this.#again(flight);
    if (wasAvailable) this.#options.healthChanged();
  }

  /** What is in flight where nobody listens comes to nothing; a host that was killed announces no exit. */
  #giveUpLater(): void {
    if (this.#lossTimer !== undefined || this.#flights.length === 0) return;
    const flights = this.#flights;
    this.#lossTimer = setTimeout(() => {
      this.#lossTimer = undefined;
      for (const flight of flights) {
        flight.lost = flight.exitReason === undefined;
        flight.gone.abort();
      }
    }, exitAnnouncedWithinMs);
  }
}
