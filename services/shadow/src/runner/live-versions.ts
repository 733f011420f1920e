import { askVersion } from "@caxton/bus/ask-version";
import { decodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import type { RunResult } from "@caxton/contracts/agent-run";
import { type Inbound, runMessage } from "@caxton/contracts/inbound";
import { RouteEntry } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import { routeBucket } from "@caxton/contracts/subjects";

const routeEntry = checker("route", RouteEntry);
const freshForMs = 1_000;
const marginMs = 500;

/** The agent's route as it is, and the versions it names. */
export class LiveVersions {
  readonly #bus: Pick<Bus, "kv" | "request">;
  readonly #agent: string;
  readonly #signal: AbortSignal;
  #route: RouteEntry | undefined;
  #readAtMs = -Infinity;

  constructor(bus: Pick<Bus, "kv" | "request">, agent: string, signal: AbortSignal) {
    this.#bus = bus;
    this.#agent = agent;
    this.#signal = signal;
  }

  /** Not older than a second. @throws CaxtonError `bus-unavailable`, `timeout` */
  async route(): Promise<RouteEntry | undefined> {
    if (performance.now() - this.#readAtMs < freshForMs) return this.#route;
    const entry = await (await this.#bus.kv(routeBucket)).get(this.#agent);
    this.#route = entry && routeEntry.check(decodeJson(entry.value));
    this.#readAtMs = performance.now();
    return this.#route;
  }

  /** Has a version that is still live handle a message once more, for nothing but its outputs; asked once, undefined where it is not answered. */
  async askAgain(version: string, message: Inbound): Promise<RunResult | undefined> {
    const route = await this.route();
    const target = route?.targets.find((one) => one.version === version);
    if (route === undefined || target === undefined || message.body === undefined) return undefined;
    const reply = await askVersion(this.#bus, {
      agent: this.#agent,
      version,
      routeRevision: route.revision,
      budgetMs: target.messageTimeoutMs,
      timeoutMs: target.messageTimeoutMs + marginMs,
      messages: [runMessage(message, message.body, 0)],
      gone: this.#signal,
    });
    return reply.kind === "answer" && reply.answer.status === "done" ? reply.answer.results[0] : undefined;
  }
}
