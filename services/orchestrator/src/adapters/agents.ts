import { randomUUID } from "node:crypto";
import { hasCode } from "@caxton/contracts/errors";
import { readDeploymentEvent, writeDeploymentEvent } from "@caxton/contracts/event-upcast";
import { agentStream } from "@caxton/contracts/names";
import type { Command, Decision, Policy } from "@caxton/deployment/command";
import { decide } from "@caxton/deployment/decide";
import type { DeploymentEvent } from "@caxton/deployment/event";
import type { AgentState } from "@caxton/deployment/state";
import type { EventStore, NewEvent, RecordedEvent } from "@caxton/event-store/port";
import { advance, type AgentView, emptyView } from "../core/agent-view.ts";
import { eventMetadata, type Sent } from "../core/metadata.ts";

export interface Appended {
  readonly agent: string;
  readonly events: readonly DeploymentEvent[];
  readonly before: AgentState;
  readonly after: AgentState;
}

export interface AgentsOptions {
  readonly eventStore: EventStore;
  /** For an agent, now. */
  readonly policy: (agent: string) => Policy;
  readonly now: () => number;
  /** Called after an agent's view moved on. */
  readonly onChange: (agent: string, view: AgentView) => void;
  /** Called after events of our own were stored. */
  readonly onAppended: (appended: Appended) => void;
}

/** A command that leans on what is stored now. */
export type CommandIn = (state: AgentState) => Command;

/** Every agent as folded from the store, and the one way to change one: decide, then append at the revision decided on. */
export class Agents {
  readonly #options: AgentsOptions;
  readonly #views = new Map<string, AgentView>();

  constructor(options: AgentsOptions) {
    this.#options = options;
  }

  view(agent: string): AgentView {
    return this.#views.get(agent) ?? emptyView;
  }

  names(): readonly string[] {
    return [...this.#views.keys()];
  }

  apply(agent: string, events: readonly Pick<RecordedEvent, keyof NewEvent | "revision">[]): void {
    const before = this.view(agent);
    const after = events.reduce(advance, before);
    if (after === before) return;
    this.#views.set(agent, after);
    this.#options.onChange(agent, after);
  }

  /**
   * Decides on what is stored now: when somebody else appended in between, their events are read and it is decided again.
   * @throws CaxtonError `store-unavailable`: nothing is known of the outcome, the same command may be given again
   */
  async handle(agent: string, given: Command | CommandIn, sent: Sent = {}): Promise<Decision> {
    for (;;) {
      const view = this.view(agent);
      const command = typeof given === "function" ? given(view.state) : given;
      const decision = decide(command, view.state, this.#options.policy(agent), this.#options.now());
      if (!decision.ok || decision.events.length === 0) return decision;
      const metadata = eventMetadata(command, view, sent);
      const events = decision.events.map((event): NewEvent => ({
        id: randomUUID(),
        ...writeDeploymentEvent(event),
        metadata,
      }));
      let last: number;
      try {
        const expected = view.revision < 0 ? "no-stream" : view.revision;
        const appended = await this.#options.eventStore.append(agentStream(agent), expected, events);
        last = appended.revision;
      } catch (error) {
        if (!hasCode(error, "wrong-revision")) throw error;
        await this.#refresh(agent);
        continue;
      }
      // One after the other, but not always right after what was seen: others' events may lie between.
      const first = last - events.length + 1;
      this.apply(
        agent,
        events.map((event, index) => ({ ...event, revision: first + index })),
      );
      this.#options.onAppended({ agent, events: decision.events, before: view.state, after: this.view(agent).state });
      return decision;
    }
  }

  /** Read from the store, since nobody keeps it in memory; undefined where there is none. */
  async validationReport(agent: string, deployment: string, signal: AbortSignal): Promise<unknown> {
    for await (const stored of this.#options.eventStore.read(agentStream(agent), { fromRevision: 0, signal })) {
      const event = readDeploymentEvent(stored);
      if (event?.type === "ValidationPassed" && event.deployment === deployment) return event.report;
    }
    return undefined;
  }

  async #refresh(agent: string): Promise<void> {
    const fromRevision = this.view(agent).revision + 1;
    const events = await Array.fromAsync(this.#options.eventStore.read(agentStream(agent), { fromRevision }));
    this.apply(agent, events);
  }
}
