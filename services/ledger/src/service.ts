import { decodeJson, encodeJson } from "@caxton/bus/json";
import { type DeadLettersAnswer, deadLettersRequest } from "@caxton/contracts/dead-letters";
import { CaxtonError, toCaxtonError } from "@caxton/contracts/errors";
import type { LedgerAnswer } from "@caxton/contracts/ledger";
import { isAgentName } from "@caxton/contracts/names";
import { deadLettersSubject, inboxStream, ledgerSubject } from "@caxton/contracts/subjects";
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
    answerOn<DeadLettersAnswer>(deadLettersSubject(""), async (agent, data) => {
      const { letters, total } = await (await booksOf(agent)).deadLetters(deadLettersRequest.check(decodeJson(data)));
      return { ok: true, letters: [...letters], total };
    }),
  ];
  running.push(keepTrying("watching routes", findAgents, { log, signal }));
  await Promise.all(subscriptions.map(({ ready }) => ready));
  return {
    async close() {
      await Promise.all(subscriptions.map((subscription) => subscription.drain()));
      stopping.abort();
      await Promise.all(running);
    },
  };
}

function refusal(error: unknown): Extract<LedgerAnswer, { ok: false }> {
  const { code, message } = toCaxtonError(error);
  return { ok: false, error: { code, message } };
}
