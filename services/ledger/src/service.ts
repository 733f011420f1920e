import { encodeJson } from "@caxton/bus/json";
import { CaxtonError, toCaxtonError } from "@caxton/contracts/errors";
import type { Ledger, LedgerAnswer } from "@caxton/contracts/ledger";
import { isAgentName } from "@caxton/contracts/names";
import { inboxStream, ledgerSubject } from "@caxton/contracts/subjects";
import { watchAgents } from "@caxton/service/agents";
import { keepTrying } from "@caxton/service/keep-trying";
import type { RunningService, ServiceContext } from "@caxton/service/program";
import { AgentBooks } from "./adapters/agent-books.ts";

/** Accounts for the messages of every agent and answers on `caxton.ledger.<agent>` (DESIGN.md, rule 11). */
export async function startLedger({ bus, log }: ServiceContext): Promise<RunningService> {
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
    running.push(created.keep(signal).catch((error: unknown) => stopKeeping(agent, error)));
    return created;
  }

  /** Whoever asks next begins the books anew. */
  function stopKeeping(agent: string, error: unknown): void {
    books.delete(agent);
    log.error({ agent_id: agent, code: toCaxtonError(error).code, err: error }, "cannot read outcomes");
  }

  async function findAgents(): Promise<void> {
    for await (const agent of watchAgents(bus, signal)) keepBooks(agent);
  }

  async function ledgerFor(agent: string): Promise<Ledger> {
    const isKnown =
      isAgentName(agent) && (books.has(agent) || (await bus.streams.info(inboxStream(agent))) !== undefined);
    if (!isKnown) throw new CaxtonError("unknown-agent", `there is no inbox for '${agent}'`);
    return await keepBooks(agent).ledger();
  }

  async function answer(agent: string): Promise<LedgerAnswer> {
    try {
      return { ok: true, ledger: await ledgerFor(agent) };
    } catch (error) {
      const { code, message } = toCaxtonError(error);
      return { ok: false, error: { code, message } };
    }
  }

  const prefix = ledgerSubject("");
  const subscription = bus.subscribe(
    ledgerSubject("*"),
    async (message) => message.respond(encodeJson(await answer(message.subject.slice(prefix.length)))),
    { queue: "ledger", onError: (err) => log.error({ err }, "cannot answer") },
  );
  running.push(keepTrying("watching routes", findAgents, { log, signal }));
  await subscription.ready;
  return {
    async close() {
      await subscription.drain();
      stopping.abort();
      await Promise.all(running);
    },
  };
}
