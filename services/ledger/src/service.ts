import { holdLease, type LeaseSeat } from "@caxton/bus/hold-lease";
import { decodeJson, encodeJson } from "@caxton/bus/json";
import { type DeadLettersAnswer, deadLettersRequest } from "@caxton/contracts/dead-letters";
import { CaxtonError, toCaxtonError } from "@caxton/contracts/errors";
import type { LedgerAnswer } from "@caxton/contracts/ledger";
import { isAgentName } from "@caxton/contracts/names";
import type { RetentionAnswer } from "@caxton/contracts/retention";
import {
  deadLettersSubject,
  inboxStream,
  leaseBucket,
  ledgerSubject,
  retentionSubject,
} from "@caxton/contracts/subjects";
import { watchAgents } from "@caxton/service/agents";
import { keepTrying } from "@caxton/service/keep-trying";
import type { RunningService, ServiceContext } from "@caxton/service/program";
import { AgentBooks } from "./adapters/agent-books.ts";
import { retentionOf } from "./adapters/retention.ts";
import type { TrimContext } from "./adapters/trim-context.ts";
import { runTrimmer } from "./adapters/trimmer.ts";
import { defaultTrimSettings, type TrimSettings } from "./core/trim-plan.ts";

/** Of the bucket, which the routers make with the same. */
const leaseTtlMs = 1_500;
const stepPauseMs = 50;

export interface LedgerOptions extends ServiceContext {
  readonly trimming?: Partial<TrimSettings>;
  /** How often it looks for something to trim; every 30 s unless given. */
  readonly trimEveryMs?: number;
}

/**
 * Accounts for the messages of every agent and answers on `caxton.ledger.<agent>` (DESIGN.md, rules 9 and 11). All ledgers
 * answer; the one that holds an agent's lease trims.
 */
export async function startLedger(options: LedgerOptions): Promise<RunningService> {
  const { bus, log, id, health, trimming, trimEveryMs: everyMs = 30_000 } = options;
  const settings = { ...defaultTrimSettings, ...trimming };
  const leases = await bus.kv(leaseBucket, { ttlMs: leaseTtlMs });
  const seats = new Map<string, LeaseSeat>();
  const stopping = new AbortController();
  const { signal } = stopping;
  const books = new Map<string, AgentBooks>();
  const running: Promise<void>[] = [];

  function keepBooks(agent: string): AgentBooks {
    const known = books.get(agent);
    if (known !== undefined) return known;
    const created = new AgentBooks(bus, agent);
    books.set(agent, created);
    log.info({ agent_id: agent }, "keeping books");
    if (!seats.has(agent)) seats.set(agent, contend(agent));
    running.push(created.keep(signal).catch((error: unknown) => stopKeeping(agent, error)));
    return created;
  }

  function trimContext(agent: string): TrimContext {
    return { bus, log, agent, books: () => keepBooks(agent), settings };
  }

  function contend(agent: string): LeaseSeat {
    return holdLease(leases, {
      key: `ledger.${agent}`,
      holderId: id,
      ttlMs: leaseTtlMs,
      onAcquired: (_lease, held) => runTrimmer({ ...trimContext(agent), everyMs, stepPauseMs }, held),
      onError: (err) => log.warn({ agent_id: agent, err }, "the lease for trimming could not be kept"),
    });
  }

  /** Whoever asks next begins the books anew. */
  function stopKeeping(agent: string, error: unknown): void {
    books.delete(agent);
    log.error({ agent_id: agent, code: toCaxtonError(error).code, err: error }, "cannot read outcomes");
  }

  async function findAgents(): Promise<void> {
    for await (const agent of watchAgents(bus, signal)) keepBooks(agent);
  }

  async function booksOf(agent: string): Promise<AgentBooks> {
    const isKnown =
      isAgentName(agent) && (books.has(agent) || (await bus.streams.info(inboxStream(agent))) !== undefined);
    if (!isKnown) throw new CaxtonError("unknown-agent", `there is no inbox for '${agent}'`);
    return keepBooks(agent);
  }

  function answerOn<Answer>(subject: string, answer: (agent: string, data: Uint8Array) => Promise<Answer>) {
    return bus.subscribe(
      `${subject}*`,
      async (message) => {
        const asked = answer(message.subject.slice(subject.length), message.data);
        message.respond(encodeJson(await asked.catch(refusal)));
      },
      { queue: "ledger", onError: (err) => log.error({ err }, "cannot answer") },
    );
  }

  const subscriptions = [
    answerOn<LedgerAnswer>(ledgerSubject(""), async (agent) => ({
      ok: true,
      ledger: await (await booksOf(agent)).ledger(),
    })),
    answerOn<RetentionAnswer>(retentionSubject(""), async (agent) => {
      await booksOf(agent);
      return { ok: true, kept: await retentionOf(trimContext(agent)) };
    }),
    answerOn<DeadLettersAnswer>(deadLettersSubject(""), async (agent, data) => {
      const { letters, total } = await (await booksOf(agent)).deadLetters(deadLettersRequest.check(decodeJson(data)));
      return { ok: true, letters: [...letters], total };
    }),
  ];
  const endReadiness = health?.require("ledger", () =>
    [...books].flatMap(([agent, { isCurrent }]) => (isCurrent ? [] : [`outcomes of ${agent} are still being read`])),
  );
  const endGauge = health?.metrics.gauge("caxton_inbox_pending", "Accepted messages without an outcome.", async () => {
    const known = [...books.entries()];
    return await Promise.all(
      known.map(async ([agent, one]) => ({ labels: { agent }, value: (await one.ledger()).pending })),
    );
  });
  running.push(keepTrying("watching routes", findAgents, { log, signal, readiness: { health, part: "ledger" } }));
  await Promise.all(subscriptions.map(({ ready }) => ready));
  return {
    async close() {
      endGauge?.();
      endReadiness?.();
      await Promise.all(subscriptions.map((subscription) => subscription.drain()));
      await Promise.all([...seats.values()].map((seat) => seat.close()));
      stopping.abort();
      await Promise.all(running);
    },
  };
}

function refusal(error: unknown): Extract<LedgerAnswer, { ok: false }> {
  const { code, message } = toCaxtonError(error);
  return { ok: false, error: { code, message } };
}
