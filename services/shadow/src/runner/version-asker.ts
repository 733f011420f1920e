import { setTimeout as delay } from "node:timers/promises";
import { askVersion, requestTimes, type Reply } from "@caxton/bus/ask-version";
import type { Bus } from "@caxton/bus/types";
import type { RunResult } from "@caxton/contracts/agent-run";
import { type Inbound, runMessage } from "@caxton/contracts/inbound";
import { instanceExitSubject } from "@caxton/contracts/subjects";

export type Told = Exclude<RunResult, { result: "unfinished" }>;

export interface VersionAskerOptions {
  readonly bus: Pick<Bus, "request" | "subscribe">;
  readonly agent: string;
  readonly version: string;
  readonly messageTimeoutMs: number;
  /** Nobody waits for answers any more. */
  readonly signal: AbortSignal;
}

const pauseMs = 250;
/** Somebody else may have ended the process: a message is to blame when it happens to it again. */
const crashesMax = 2;
/** So much work is put into one request, by what a message has taken lately. */
const requestMs = 100;

/** Asks a version's instances, one request at a time; what a whole batch came to nothing by is asked again one by one. */
export class VersionAsker {
  readonly #options: VersionAskerOptions;
  #gone = new AbortController();
  #messageMs = 1;

  constructor(options: VersionAskerOptions) {
    this.#options = options;
    const { bus, agent, version, signal } = options;
    const exits = bus.subscribe(instanceExitSubject(agent, version), () => this.#gone.abort());
    signal.addEventListener("abort", () => exits.close(), { once: true });
  }

  /**
   * In the order of `messages`; undefined for those that nobody answered before `signal` aborted.
   * @param routeRevision the one in force: an instance answers once it knows it, and may refuse one that is older
   */
  async ask(messages: readonly Inbound[], routeRevision: number): Promise<readonly (Told | undefined)[]> {
    const told: (Told | undefined)[] = [];
    while (told.length < messages.length) {
      const size = Math.max(1, Math.floor(requestMs / this.#messageMs));
      told.push(...(await this.#askSome(messages.slice(told.length, told.length + size), routeRevision)));
    }
    return told;
  }

  async #askSome(messages: readonly Inbound[], routeRevision: number): Promise<readonly (Told | undefined)[]> {
    const first = toldBy(await this.#send(messages, routeRevision), messages.length);
    for (const one of first) if (one !== undefined) this.#messageMs = this.#messageMs * 0.9 + one.latencyMs * 0.1;
    const told: (Told | undefined)[] = [];
    for (const [index, message] of messages.entries()) {
      told.push(first[index] ?? (await this.#askAlone(message, routeRevision)));
    }
    return told;
  }

  async #askAlone(message: Inbound, routeRevision: number): Promise<Told | undefined> {
    const { signal, messageTimeoutMs } = this.#options;
    for (let crashes = 0; !signal.aborted;) {
      const reply = await this.#send([message], routeRevision);
      const [told] = toldBy(reply, 1);
      if (told !== undefined) return told;
      if (reply.kind === "silence")
        return failed("agent-timeout", `no answer within ${requestTimes(messageTimeoutMs).budgetMs} ms`);
      if (reply.kind === "too-large")
        return failed("message-invalid", "the body does not fit into one request as text");
      if (reply.kind === "gone") crashes += 1;
      if (crashes >= crashesMax) return failed("agent-crash", "its process ended while it had this message");
      await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    }
    return undefined;
  }

  async #send(messages: readonly Inbound[], routeRevision: number): Promise<Reply> {
    const { bus, agent, version, messageTimeoutMs } = this.#options;
    if (this.#gone.signal.aborted) this.#gone = new AbortController();
    return await askVersion(bus, {
      agent,
      version,
      routeRevision,
      ...requestTimes(messageTimeoutMs),
      messages: messages.map((message, index) => runMessage(message, message.body ?? "", index)),
      gone: AbortSignal.any([this.#gone.signal, this.#options.signal]),
    });
  }
}

/** By place; undefined where it is not decided. */
function toldBy(reply: Reply, count: number): readonly (Told | undefined)[] {
  const told = Array.from<Told | undefined>({ length: count });
  if (reply.kind !== "answer" || reply.answer.status !== "done") return told;
  for (const result of reply.answer.results) if (result.result !== "unfinished") told[result.index] = result;
  return told;
}

function failed(code: string, reason: string): Told {
  return { index: 0, result: "failed", code, reason, retry: false, latencyMs: 0 };
}
