import { setTimeout as delay } from "node:timers/promises";
import { CaxtonError, toCaxtonError } from "@caxton/contracts/errors";
import { freezeStream, readFreezeEvent } from "@caxton/contracts/freeze-event";
import { agentOfStream } from "@caxton/contracts/names";
import type { Freeze } from "@caxton/deployment/freeze";
import { evolveFreezes, freezesAt, freezesOf, noFreezes } from "@caxton/deployment/freezes";
import type { EventStore, RecordedEvent } from "@caxton/event-store/port";
import type { Logger } from "@caxton/telemetry/logger";
import { type AgentView, emptyView, foldFact } from "./core/agent-view.ts";

const retryMs = 500;

/** Every agent's view, folded in memory from the event store and kept up to date. */
export interface Projection {
  /** Whether everything that was stored when the gateway started has been folded. */
  readonly caughtUp: boolean;
  /** @throws CaxtonError `service-unavailable` while history is still being read */
  views(): readonly AgentView[];
  /** The view of an agent, the empty one where nothing is stored. @throws CaxtonError as `views` */
  view(agent: string): AgentView;
  /** The freezes in force. @throws CaxtonError as `views` */
  freezes(): readonly Freeze[];
  /** Those that concern an agent. */
  freezesOf(agent: string): readonly Freeze[];
  /** Resolves when the agent's view is past this revision; rejects when `signal` aborts. */
  changed(agent: string, afterRevision: number, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export function startProjection(store: EventStore, log: Logger): Projection {
  const views = new Map<string, AgentView>();
  const waiting = new Map<string, Set<() => void>>();
  const stop = new AbortController();
  let caughtUp = false;
  let position: string | undefined;
  let frozen = noFreezes;

  function apply(event: RecordedEvent): void {
    position = event.position;
    const agent = agentOfStream(event.stream);
    if (event.stream === freezeStream) {
      const freeze = readFreezeEvent(event);
      if (freeze !== undefined) frozen = evolveFreezes(frozen, freeze);
    }
    if (agent === undefined) return;
    const view = views.get(agent) ?? emptyView(agent);
    if (event.revision <= view.revision) return;
    views.set(agent, foldOrSkip(view, event, log));
    for (const wake of waiting.get(agent) ?? []) wake();
  }

  async function follow(): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        const events = store.subscribe({
          signal: stop.signal,
          ...(position === undefined ? {} : { afterPosition: position }),
          onCaughtUp: () => {
            caughtUp = true;
          },
        });
        for await (const event of events) apply(event);
      } catch (error) {
        if (stop.signal.aborted) return;
        const { code, message } = toCaxtonError(error);
        log.warn({ code }, `the event store cannot be followed, trying again: ${message}`);
        await delay(retryMs, undefined, { signal: stop.signal }).catch(() => undefined);
      }
    }
  }

  const following = follow();

  function requireCaughtUp(): void {
    if (caughtUp) return;
    throw new CaxtonError(
      "service-unavailable",
      "the gateway is still reading the event store's history; ask again in a moment",
    );
  }

  return {
    get caughtUp() {
      return caughtUp;
    },
    views() {
      requireCaughtUp();
      return [...views.values()];
    },
    view(agent) {
      requireCaughtUp();
      return views.get(agent) ?? emptyView(agent);
    },
    freezes() {
      requireCaughtUp();
      return freezesAt(frozen, Date.now());
    },
    freezesOf: (agent) => freezesOf(frozen, agent, Date.now()),
    changed(agent, afterRevision, signal) {
      const wakers = waiting.get(agent) ?? new Set();
      waiting.set(agent, wakers);
      return new Promise<void>((resolve, reject) => {
        const settle = (finish: () => void) => {
          wakers.delete(check);
          signal.removeEventListener("abort", giveUp);
          finish();
        };
        const giveUp = () => settle(() => reject(new CaxtonError("cancelled", "the client left")));
        const check = () => {
          if ((views.get(agent)?.revision ?? -1) > afterRevision) settle(resolve);
        };
        wakers.add(check);
        signal.addEventListener("abort", giveUp);
        if (signal.aborted) giveUp();
        else check();
      });
    },
    async close() {
      stop.abort();
      await following;
    },
  };
}

/** Damage in one agent's history is said out loud and stops nobody else's view. */
function foldOrSkip(view: AgentView, event: RecordedEvent, log: Logger): AgentView {
  try {
    return foldFact(view, event);
  } catch (error) {
    const { code, message } = toCaxtonError(error);
    log.error(
      { code, stream: event.stream, revision: event.revision },
      `an event cannot be read and is left out: ${message}`,
    );
    return { ...view, revision: event.revision };
  }
}
