import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { hasCode } from "@caxton/contracts/errors";
import { freezeSchemaVersion, freezeStream, readFreezeEvent } from "@caxton/contracts/freeze-event";
import type { SentTrace } from "@caxton/contracts/trace-context";
import type { Freeze } from "@caxton/deployment/freeze";
import {
  decideFreeze,
  evolveFreezes,
  type FreezeCommand,
  type FreezeDecision,
  type FreezeEvent,
  freezesOf,
  noFreezes,
} from "@caxton/deployment/freezes";
import type { EventStore, NewEvent, RecordedEvent } from "@caxton/event-store/port";

/** Longest that somebody who waits for the end of a freeze does not look. */
const lookAgainMs = 60_000;

/** What is frozen, as folded from the store, and the one way to change it. */
export class Freezes {
  readonly #store: EventStore;
  readonly #now: () => number;
  #state = noFreezes;
  #revision = -1;
  #changed = Promise.withResolvers<void>();

  constructor(store: EventStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** In force for an agent now. */
  of(agent: string): readonly Freeze[] {
    return freezesOf(this.#state, agent, this.#now());
  }

  apply(stored: Pick<RecordedEvent, "type" | "data" | "revision">): void {
    if (stored.revision <= this.#revision) return;
    const event = readFreezeEvent(stored);
    this.#revision = stored.revision;
    if (event === undefined) return;
    this.#state = evolveFreezes(this.#state, event);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** Reads what others have stored, so that who asks after a freeze was answered is told of it. @throws CaxtonError `store-unavailable` */
  async refresh(): Promise<void> {
    try {
      for await (const event of this.#store.read(freezeStream, { fromRevision: this.#revision + 1 })) this.apply(event);
    } catch (error) {
      if (!hasCode(error, "stream-not-found")) throw error;
    }
  }

  /** @throws CaxtonError `store-unavailable`: nothing is known of the outcome, the same command may be given again */
  async handle(command: FreezeCommand, trace: SentTrace): Promise<FreezeDecision> {
    for (;;) {
      await this.refresh();
      const decision = decideFreeze(command, this.#state, this.#now());
      if (!decision.ok || decision.events.length === 0) return decision;
      try {
        const expected = this.#revision < 0 ? "no-stream" : this.#revision;
        await this.#store.append(
          freezeStream,
          expected,
          decision.events.map((event) => newEvent(event, trace)),
        );
      } catch (error) {
        if (!hasCode(error, "wrong-revision")) throw error;
        continue;
      }
      await this.refresh();
      return decision;
    }
  }

  /** Resolves when nothing is in force for the agent. */
  async lifted(agent: string, signal: AbortSignal): Promise<void> {
    for (let frozen = this.of(agent); frozen.length > 0; frozen = this.of(agent)) {
      const over = Math.min(...frozen.map(({ untilMs = Infinity }) => untilMs)) - this.#now();
      const looked = new AbortController();
      const either = AbortSignal.any([signal, looked.signal]);
      const later = delay(Math.min(Math.max(0, over), lookAgainMs), undefined, { signal: either }).catch(
        () => undefined,
      );
      await Promise.race([this.#changed.promise, later]);
      looked.abort();
      signal.throwIfAborted();
    }
  }
}

function newEvent(event: FreezeEvent, trace: SentTrace): NewEvent {
  const { type, ...data } = event;
  const { actor, commandId, reason } = event;
  return {
    id: randomUUID(),
    type,
    schemaVersion: freezeSchemaVersion,
    data,
    metadata: { actor, commandId, causationId: commandId, correlationId: commandId, reason, ...trace },
  };
}
