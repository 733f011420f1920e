import { setTimeout as delay } from "node:timers/promises";
import { askVersion, requestTimes, restartMs } from "@caxton/bus/ask-version";
import { decodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { InstanceExit } from "@caxton/contracts/agent-run";
import { runMessage } from "@caxton/contracts/inbound";
import { checker } from "@caxton/contracts/schema";
import { instanceExitSubject } from "@caxton/contracts/subjects";
import type { WarmUpEnd } from "@caxton/deployment/warm-up";
import type { WarmUpMessage, WarmUpTally } from "../core/warm-up-tally.ts";

export interface RehearsalOptions {
  readonly bus: Bus;
  readonly agent: string;
  readonly version: string;
  readonly routeRevision: number;
  readonly messageTimeoutMs: number;
  /** How many requests are under way at the same time: one for each that takes them. */
  readonly atOnce: number;
  readonly tally: WarmUpTally;
  readonly signal: AbortSignal;
  /** Whether the message's stored outcome says that it was handled. */
  readonly wasHandled: (message: WarmUpMessage) => Promise<boolean>;
  /** Until the time is over; what is under way then may take as long as its own time is. */
  readonly leftMs: () => number;
}

const instanceExit = checker("instance exit", InstanceExit);
const mostInRequest = 16;
/** A request that takes longer than this has more messages than is good. */
const requestMs = 50;
/** As long as a request took it is waited before the next, within these: versions that serve share the machine. */
const restMinMs = 1;
const restMaxMs = 250;
const nobodyRestMs = 100;
/** More at once would leave nothing for the versions that serve, however many instances there are. */
const atOnceMax = 64;

/** Asks a version that is in no route, round and round, and throws its outputs away. */
export class Rehearsal {
  readonly #options: RehearsalOptions;
  /** Aborted when a process of the version is known to have ended. */
  #gone = new AbortController();
  /** Aborted when nothing is waited for any more. */
  readonly #over = new AbortController();
  #inFlight = 0;
  #soleInFlight = false;

  constructor(options: RehearsalOptions) {
    this.#options = options;
  }

  /** @throws CaxtonError `bus-unavailable` where outcomes cannot be read */
  async run(): Promise<WarmUpEnd> {
    const { bus, agent, version, atOnce, tally, leftMs, messageTimeoutMs } = this.#options;
    const timer = setTimeout(() => this.#over.abort(), Math.max(0, leftMs()) + messageTimeoutMs + restartMs);
    const exits = bus.subscribe(instanceExitSubject(agent, version), ({ data }) => this.#exited(data), {
      onError: () => undefined,
    });
    try {
      await exits.ready;
      await Promise.all(Array.from({ length: Math.min(atOnce, atOnceMax) }, () => this.#goRound()));
    } finally {
      clearTimeout(timer);
      exits.close();
    }
    const { answers } = tally.found(0);
    return tally.end ?? (answers === 0 ? "unanswered" : "time-over");
  }

  async #goRound(): Promise<void> {
    const { tally, signal, leftMs } = this.#options;
    let most = 1;
    while (!signal.aborted && leftMs() > 0 && tally.end === undefined) {
      if (this.#soleInFlight || (tally.mustAskAlone && this.#inFlight > 0)) {
        await this.#rest(restMinMs);
        continue;
      }
      const sole = tally.mustAskAlone;
      const messages = tally.take(most);
      if (messages.length === 0) return;
      const startedMs = performance.now();
      const isAnswered = await this.#ask(messages, sole);
      const tookMs = performance.now() - startedMs;
      most = tookMs < requestMs ? Math.min(mostInRequest, most * 2) : Math.max(1, most >> 1);
      await this.#rest(isAnswered ? Math.min(restMaxMs, Math.max(restMinMs, tookMs)) : nobodyRestMs);
    }
  }

  /** @returns false where nobody took it */
  async #ask(messages: readonly WarmUpMessage[], sole: boolean): Promise<boolean> {
    const { bus, agent, version, routeRevision, messageTimeoutMs, tally, signal } = this.#options;
    this.#inFlight += 1;
    const times = requestTimes(messageTimeoutMs, this.#inFlight);
    this.#soleInFlight = sole;
    const reply = await askVersion(bus, {
      agent,
      version,
      routeRevision,
      ...times,
      messages: messages.map((message, index) => runMessage(message, message.body, index)),
      gone: AbortSignal.any([this.#gone.signal, this.#over.signal, signal]),
    });
    this.#inFlight -= 1;
    this.#soleInFlight = false;
    switch (reply.kind) {
      case "answer": {
        if (reply.answer.status !== "done") return this.#later(messages, sole);
        const { instance, results } = reply.answer;
        const answered = new Map(results.map((result) => [result.index, result]));
        for (const [index, message] of messages.entries()) {
          const result = answered.get(index) ?? { index, result: "unfinished" as const };
          if (result.result === "unfinished" && messages.length === 1) {
            await this.#failed(tally.unanswered([message], "agent-timeout", "it left no time for an answer"));
          } else {
            await this.#failed(tally.answered(message, result, instance, performance.now()));
          }
        }
        return true;
      }
      case "gone":
        tally.again(messages);
        return false;
      case "silence":
        await this.#failed(
          tally.unanswered(messages, "agent-timeout", `nothing was heard within ${times.timeoutMs} ms`),
        );
        return false;
      case "too-large":
        await this.#failed(tally.unanswered(messages, "message-too-large", "it does not fit into a request"));
        return true;
      case "nobody":
        return this.#later(messages, sole);
    }
  }

  /** It says nothing about them; those of many come again by themselves. */
  #later(messages: readonly WarmUpMessage[], sole: boolean): false {
    if (sole) this.#options.tally.again(messages);
    return false;
  }

  async #failed(message: WarmUpMessage | undefined): Promise<void> {
    const { tally, wasHandled } = this.#options;
    if (message !== undefined && tally.isRegression(message) && (await wasHandled(message))) tally.regressed(message);
  }

  #exited(data: Uint8Array): void {
    instanceExit.check(decodeJson(data));
    this.#options.tally.crashed();
    this.#gone.abort();
    this.#gone = new AbortController();
  }

  async #rest(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#options.signal }).catch(() => undefined);
  }
}
