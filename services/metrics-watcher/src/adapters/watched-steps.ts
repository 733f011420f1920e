import { encodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { toCaxtonError } from "@caxton/contracts/errors";
import type { Outcome } from "@caxton/contracts/outcome";
import { verdictSubject } from "@caxton/contracts/subjects";
import {
  type InFlight,
  type StepCounts,
  type WatchedStep,
  watchForgottenAfterMs,
  type WatchRequest,
} from "@caxton/contracts/watched-step";
import type { VerdictOutcome } from "@caxton/deployment/judging";
import type { Logger } from "@caxton/telemetry/logger";
import { StepCount } from "../core/step-count.ts";
import { largestMemory } from "./largest-memory.ts";

const sayEveryMs = 250;
/** As often as hosts say it. */
const readMemoryEveryMs = 1_000;

interface Watched {
  readonly count: StepCount;
  /** The request's own text: what is asked otherwise is another question. */
  readonly asked: string;
  readonly timers: readonly NodeJS.Timeout[];
  /** Outcomes up to this position of their stream are counted. */
  position: number;
  heardAtMs: number;
  hasSaidFail: boolean;
}

/** What a step under watch comes to. */
export interface FoundStep {
  readonly step: number;
  /** The one on trial. */
  readonly version: string;
  readonly outcome: VerdictOutcome;
  readonly counts: StepCounts;
}

export interface WatchedStepsOptions {
  readonly bus: Pick<Bus, "publish" | "kv">;
  readonly log: Logger;
  readonly watcher: string;
  readonly agent: string;
  /** Whether all that is stored was read. */
  isCurrent(): boolean;
}

/** The steps of an agent's rollouts that somebody wants judged: says what each came to, until nobody asks any more. */
export class WatchedSteps {
  readonly #options: WatchedStepsOptions;
  readonly #steps = new Map<string, Watched>();

  constructor(options: WatchedStepsOptions) {
    this.#options = options;
  }

  /** @returns whether it is a step that was not watched yet, and wants its outcomes from the beginning */
  ask(request: WatchRequest): boolean {
    const key = `${request.deployment}/${request.step}`;
    const asked = JSON.stringify(request);
    const known = this.#steps.get(key);
    if (known !== undefined) known.heardAtMs = performance.now();
    if (known?.asked === asked) return false;
    stop(known);
    const timers = [setInterval(() => this.#tick(key, watched), sayEveryMs)];
    if (request.rules.some(({ metric }) => metric === "memory")) {
      timers.push(setInterval(() => void this.#readMemory(request, watched), readMemoryEveryMs));
    }
    const watched: Watched = {
      count: new StepCount(request),
      asked,
      timers,
      position: 0,
      heardAtMs: performance.now(),
      hasSaidFail: false,
    };
    this.#steps.set(key, watched);
    return true;
  }

  add(outcome: Outcome, position: number): void {
    for (const watched of this.#steps.values()) {
      if (position <= watched.position) continue;
      watched.position = position;
      watched.count.add(outcome);
      this.#sayFail(watched);
    }
  }

  addInFlight(report: InFlight): void {
    for (const watched of this.#steps.values()) {
      watched.count.addInFlight(report, Date.now());
      this.#sayFail(watched);
    }
  }

  /** The stream was made anew, and its positions begin again. */
  beginAnew(): void {
    for (const watched of this.#steps.values()) watched.position = 0;
  }

  /** What the steps under watch come to now; of a deployment the last one, for the one before is asked for no more. */
  found(): readonly FoundStep[] {
    const last = new Map<string, FoundStep>();
    for (const { count } of this.#steps.values()) {
      const { deployment, step, verdict, counts } = this.#look(count);
      if ((last.get(deployment)?.step ?? 0) > step) continue;
      last.set(deployment, { step, version: count.version, outcome: verdict.outcome, counts });
    }
    return [...last.values()];
  }

  close(): void {
    for (const watched of this.#steps.values()) stop(watched);
    this.#steps.clear();
  }

  #sayFail(watched: Watched): void {
    if (watched.hasSaidFail || watched.count.breachedAtMs === undefined) return;
    watched.hasSaidFail = true;
    this.#say(watched);
  }

  #tick(key: string, watched: Watched): void {
    if (performance.now() - watched.heardAtMs <= watchForgottenAfterMs) {
      this.#say(watched);
      return;
    }
    stop(watched);
    this.#steps.delete(key);
  }

  async #readMemory({ version, stable }: WatchRequest, watched: Watched): Promise<void> {
    const { bus, log, agent } = this.#options;
    try {
      const [bytes, stableBytes] = await Promise.all([version, stable].map((one) => largestMemory(bus, agent, one)));
      if (bytes === undefined) return;
      watched.count.addMemory(bytes, stableBytes, Date.now());
      this.#sayFail(watched);
    } catch (error) {
      log.debug({ agent_id: agent }, `memory was not read, it will be again: ${toCaxtonError(error).message}`);
    }
  }

  #say({ count }: Watched): void {
    const { bus, log, agent } = this.#options;
    try {
      bus.publish(verdictSubject(agent), encodeJson(this.#look(count)));
    } catch (error) {
      log.debug({ agent_id: agent }, `a verdict was not said, the next one will be: ${toCaxtonError(error).message}`);
    }
  }

  #look(count: StepCount): WatchedStep {
    return count.look(this.#options.watcher, this.#options.isCurrent(), Date.now());
  }
}

function stop(watched: Watched | undefined): void {
  for (const timer of watched?.timers ?? []) clearInterval(timer);
}
