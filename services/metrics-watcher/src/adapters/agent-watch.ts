import type { Bus } from "@caxton/bus/types";
import type { Outcome } from "@caxton/contracts/outcome";
import type { InFlight, WatchRequest } from "@caxton/contracts/watched-step";
import type { Windows } from "@caxton/contracts/windows";
import type { Logger } from "@caxton/telemetry/logger";
import { bucketMs, VersionWindows } from "../core/version-windows.ts";
import { OutcomeReader } from "./outcome-reader.ts";
import { type FoundStep, WatchedSteps } from "./watched-steps.ts";

/** The longest window that can be asked for, in ms. */
const keepMs = 300_000;

export interface AgentWatchOptions {
  readonly bus: Bus;
  readonly log: Logger;
  readonly watcher: string;
  readonly agent: string;
  /** Given each outcome with its position in their stream, in order. */
  onOutcome(outcome: Outcome, position: number): void;
}

/** Keeps the windows of one agent's versions and judges its rollouts; a new watcher reads the outcomes again and knows the same. */
export class AgentWatch {
  readonly #options: AgentWatchOptions;
  readonly #versions = new Map<string, VersionWindows>();
  readonly #reader: OutcomeReader;
  readonly #steps: WatchedSteps;
  /** Outcomes up to this position are in the windows. */
  #position = 0;

  constructor(options: AgentWatchOptions) {
    this.#options = options;
    this.#reader = new OutcomeReader({
      ...options,
      fromMs: Date.now() - keepMs,
      onOutcome: (outcome, position) => this.#count(outcome, position),
      onNewStream: () => this.#beginAnew(),
    });
    this.#steps = new WatchedSteps({ ...options, isCurrent: () => this.#reader.isCurrent });
  }

  /** Reads until `signal` aborts. */
  async keep(signal: AbortSignal): Promise<void> {
    try {
      await this.#reader.keep(signal);
    } finally {
      this.#steps.close();
    }
  }

  /** Says on the bus what the step comes to, until it was not asked for a while. */
  watchStep(request: WatchRequest): void {
    if (this.#steps.ask(request)) this.#reader.needFrom(request.routeRevision, request.sinceMs);
  }

  /** Whether every stored outcome was read. */
  get isCurrent(): boolean {
    return this.#reader.isCurrent;
  }

  /** What the steps under watch come to now. */
  steps(): readonly FoundStep[] {
    return this.#steps.found();
  }

  noteInFlight(report: InFlight): void {
    this.#steps.addInFlight(report);
  }

  /** Versions that did nothing for as long as the longest window are forgotten, or each deployment would leave one. */
  forgetIdle(nowMs: number): void {
    for (const [version, windows] of this.#versions) if (windows.isPast(nowMs)) this.#versions.delete(version);
  }

  windows(windowMs: number): Windows {
    const asOfMs = Date.now();
    const versions = [...this.#versions].map(([version, windows]) => windows.window(version, windowMs, asOfMs));
    return { agent: this.#options.agent, windowMs, bucketMs, asOfMs, versions };
  }

  #count(outcome: Outcome, position: number): void {
    this.#steps.add(outcome, position);
    if (position <= this.#position) return;
    this.#position = position;
    this.#options.onOutcome(outcome, position);
    for (const attempt of outcome.attempts) {
      const windows = this.#versions.get(attempt.version) ?? new VersionWindows(keepMs);
      this.#versions.set(attempt.version, windows);
      windows.count({ ...attempt, atMs: outcome.decidedAtMs });
    }
  }

  #beginAnew(): void {
    this.#position = 0;
    this.#steps.beginAnew();
  }
}
