import type { AgentStreamSettings } from "@caxton/bus/agent-streams";
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Bus } from "@caxton/bus/types";
import { toCaxtonError } from "@caxton/contracts/errors";
import { sentTrace } from "@caxton/contracts/trace-context";
import type { Report } from "@caxton/deployment/command";
import { type Effect, next } from "@caxton/deployment/next";
import type { AgentState } from "@caxton/deployment/state";
import type { Logger } from "@caxton/telemetry/logger";
import type { Agents } from "../adapters/agents.ts";
import type { Freezes } from "../adapters/freezes.ts";
import type { CountRedriven } from "../adapters/redrive-metrics.ts";
import { RouteWriter } from "../adapters/route-writer.ts";
import { carryOut } from "./carry-out.ts";

const retryAfterMs = 500;

export interface EffectsOptions {
  readonly bus: Bus;
  readonly agents: Agents;
  readonly freezes: Freezes;
  readonly log: Logger;
  readonly id: string;
  readonly now: () => number;
  readonly streams: Partial<AgentStreamSettings>;
  readonly redriven: CountRedriven;
}

/** Keeps under way what `next` says should be, and nothing else, from `begin` to `end`. */
export class Effects {
  readonly #options: EffectsOptions;
  readonly #running = new Map<string, AbortController>();
  readonly #routes: RouteWriter;
  #mayAct = (): boolean => false;

  constructor(options: EffectsOptions) {
    this.#options = options;
    this.#routes = new RouteWriter(options.bus);
  }

  /** @param mayAct asked before anything is begun */
  begin(mayAct: () => boolean): void {
    this.#mayAct = mayAct;
    const { agents } = this.#options;
    for (const agent of agents.names()) this.sync(agent, agents.view(agent).state);
  }

  /** Breaks off what is under way: somebody else carries on with it. */
  end(): void {
    this.#mayAct = () => false;
    for (const controller of this.#running.values()) controller.abort();
  }

  sync(agent: string, state: AgentState): void {
    if (!this.#mayAct()) return;
    const prefix = `${agent}/`;
    const wanted = new Map(next(state).map((effect) => [prefix + effect.key, effect]));
    for (const [key, controller] of this.#running) {
      if (key.startsWith(prefix) && !wanted.has(key)) controller.abort();
    }
    for (const [key, effect] of wanted) {
      if (this.#running.has(key)) continue;
      const controller = new AbortController();
      this.#running.set(key, controller);
      void this.#run(agent, key, effect, controller.signal);
    }
  }

  async #run(agent: string, key: string, effect: Effect, signal: AbortSignal): Promise<void> {
    const { bus, agents, freezes, id, now, streams, redriven } = this.#options;
    const log = this.#options.log.child({ agent_id: agent, effect: effect.key });
    try {
      const { state, provenance } = agents.view(agent);
      const about = "deployment" in effect ? effect.deployment : state.rollout;
      const trace = sentTrace((about === undefined ? undefined : provenance[about]) ?? {});
      const tell = async (report: Report): Promise<void> => {
        await agents.handle(agent, { ...report, commandId: randomUUID(), actor: `orchestrator ${id}` });
      };
      const lifted = (until: AbortSignal): Promise<void> => freezes.lifted(agent, until);
      const report = await carryOut(effect, {
        bus,
        routes: this.#routes,
        log,
        agent,
        state,
        trace,
        now,
        streams,
        tell,
        lifted,
        redriven: (version, tally) => redriven(agent, version, tally),
        signal,
        reportOf: (deployment) => agents.validationReport(agent, deployment, signal),
      });
      if (signal.aborted || report === undefined) return;
      log.debug({ report: report.type }, "effect done");
      await tell(report);
    } catch (error) {
      if (signal.aborted) return;
      const { code, message } = toCaxtonError(error);
      log.warn({ code }, `effect failed, it is tried again: ${message}`);
    } finally {
      await this.#settle(agent, key, signal);
    }
  }

  /** An effect that is still asked for after it ended is tried again, but not at once. */
  async #settle(agent: string, key: string, signal: AbortSignal): Promise<void> {
    const { agents } = this.#options;
    const wanted = () => next(agents.view(agent).state).some((effect) => `${agent}/${effect.key}` === key);
    if (!signal.aborted && wanted()) await delay(retryAfterMs, undefined, { signal }).catch(() => undefined);
    this.#running.delete(key);
    this.sync(agent, agents.view(agent).state);
  }
}
