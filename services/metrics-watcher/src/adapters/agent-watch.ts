import type { Bus } from "@caxton/bus/types";
import type { Outcome } from "@caxton/contracts/outcome";
import { outcomeStream } from "@caxton/contracts/subjects";
import type { Windows } from "@caxton/contracts/windows";
import { followOutcomes } from "@caxton/service/outcomes";
import { bucketMs, VersionWindows } from "../core/version-windows.ts";
import { positionAt } from "@caxton/service/position-at";

/** The longest window that can be asked for, in ms. */
const keepMs = 300_000;

/** Keeps the windows of one agent's versions; a new watcher reads the last minutes of outcomes again and knows the same. */
export class AgentWatch {
  readonly #bus: Bus;
  readonly #agent: string;
  readonly #onOutcome: (outcome: Outcome, position: number) => void;
  readonly #versions = new Map<string, VersionWindows>();

  /** @param onOutcome given each outcome with its position in their stream, in order */
  constructor(bus: Bus, agent: string, onOutcome: (outcome: Outcome, position: number) => void = () => undefined) {
    this.#bus = bus;
    this.#agent = agent;
    this.#onOutcome = onOutcome;
  }

  /** Reads until `signal` aborts. */
  async keep(signal: AbortSignal): Promise<void> {
    const fromPosition = await positionAt(this.#bus.streams, outcomeStream(this.#agent), Date.now() - keepMs);
    for await (const { outcome, position } of followOutcomes(this.#bus, this.#agent, { fromPosition, signal })) {
      if (outcome !== undefined) this.#onOutcome(outcome, position);
      for (const attempt of outcome?.attempts ?? []) {
        const windows = this.#versions.get(attempt.version) ?? new VersionWindows(keepMs);
        this.#versions.set(attempt.version, windows);
        windows.count({ ...attempt, atMs: outcome?.decidedAtMs ?? 0 });
      }
    }
  }

  windows(windowMs: number): Windows {
    const asOfMs = Date.now();
    const versions = [...this.#versions].map(([version, windows]) => windows.window(version, windowMs, asOfMs));
    return { agent: this.#agent, windowMs, bucketMs, asOfMs, versions };
  }
}
