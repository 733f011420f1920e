import type { Bus } from "@caxton/bus/types";
import type { Outcome } from "@caxton/contracts/outcome";
import { outcomeStream } from "@caxton/contracts/subjects";
import { followOutcomes } from "@caxton/service/outcomes";
import { positionAt } from "@caxton/service/position-at";

/** Clocks of services and server may differ so much, in ms. */
const clockMarginMs = 10_000;
/** Older revisions of a route are nobody's concern any more. */
const revisionsMax = 64;
/** A small part of the time in which a bad version is to be taken back. */
const gatherMs = 10;

export interface OutcomeReaderOptions {
  readonly bus: Bus;
  readonly agent: string;
  /** Unix ms: what was stored before is not read, unless somebody needs it. */
  readonly fromMs: number;
  /** In the order of their positions; what was given before is given again after `needFrom`. */
  onOutcome(outcome: Outcome, position: number): void;
  /** The stream was made anew: positions begin again. */
  onNewStream(): void;
}

/** Reads an agent's outcomes for ever, and goes back where somebody needs what was read before. */
export class OutcomeReader {
  readonly #options: OutcomeReaderOptions;
  /** Where the first attempt under each revision of the route was met. */
  readonly #firstOfRevision = new Map<number, number>();
  #fromMs: number;
  #epochMs: number | undefined;
  #isCurrent = false;
  #turn = new AbortController();
  /** Where to go on; 0: where `#fromMs` says. */
  #next = 0;

  constructor(options: OutcomeReaderOptions) {
    this.#options = options;
    this.#fromMs = options.fromMs;
  }

  /** Whether all was given that is stored. */
  get isCurrent(): boolean {
    return this.#isCurrent;
  }

  /** Gives everything from the first attempt under a revision of the route on, which was not made before `sinceMs`. */
  needFrom(revision: number, sinceMs: number): void {
    const fromMs = sinceMs - clockMarginMs;
    if (fromMs < this.#fromMs) {
      this.#fromMs = fromMs;
      this.#goBack(0);
      return;
    }
    const met = [...this.#firstOfRevision].filter(([one]) => one >= revision).map(([, position]) => position);
    if (met.length > 0) this.#goBack(Math.min(...met));
  }

  /** Ends when `signal` aborts. */
  async keep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#turn = new AbortController();
      await this.#read(AbortSignal.any([signal, this.#turn.signal]));
    }
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { bus, agent } = this.#options;
    const stream = outcomeStream(agent);
    const info = await bus.streams.info(stream);
    if (this.#epochMs !== undefined && info?.createdAtMs !== this.#epochMs) this.#beginAnew();
    this.#epochMs = info?.createdAtMs;
    const fromPosition = this.#next || (await positionAt(bus.streams, stream, this.#fromMs));
    const onCaughtUp = (): void => void (this.#isCurrent = !signal.aborted);
    let last = 0;
    const wanted = { fromPosition, gatherMs, signal, onCaughtUp };
    for await (const { outcome, position } of followOutcomes(bus, agent, wanted)) {
      if (position <= last) this.#beginAnew();
      last = position;
      if (outcome === undefined) continue;
      this.#note(outcome, position);
      this.#options.onOutcome(outcome, position);
    }
  }

  #note({ attempts }: Outcome, position: number): void {
    for (const { routeRevision } of attempts) {
      const first = this.#firstOfRevision.get(routeRevision);
      if (first === undefined || position < first) this.#firstOfRevision.set(routeRevision, position);
    }
    if (this.#firstOfRevision.size <= revisionsMax) return;
    this.#firstOfRevision.delete(Math.min(...this.#firstOfRevision.keys()));
  }

  #goBack(position: number): void {
    this.#next = this.#turn.signal.aborted ? Math.min(this.#next, position) : position;
    this.#isCurrent = false;
    this.#turn.abort();
  }

  #beginAnew(): void {
    this.#firstOfRevision.clear();
    this.#epochMs = undefined;
    this.#next = 0;
    this.#options.onNewStream();
  }
}
