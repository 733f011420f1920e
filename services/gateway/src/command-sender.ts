import { setTimeout as delay } from "node:timers/promises";
import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { type CommandAnswer, commandAnswer } from "@caxton/contracts/command-answer";
import type { CommandVerb, VerbAndMessage } from "@caxton/contracts/commands";
import { CaxtonError, hasCode, isErrorCode } from "@caxton/contracts/errors";
import { answerStream, answerSubject, commandSubject } from "@caxton/contracts/subjects";

type AcceptedAnswer = Extract<CommandAnswer, { ok: true }>;

type CommandMessage = VerbAndMessage["message"];

export interface CommandSender {
  /**
   * Publishes a command and waits for the orchestrator's answer. A command id that was answered before gets that answer.
   * @throws CaxtonError with the refusal's own code, `service-unavailable` where no orchestrator answers, `bus-unavailable`, `cancelled`
   */
  send(agent: string, verb: CommandVerb, command: CommandMessage, signal: AbortSignal): Promise<AcceptedAnswer>;
  close(): Promise<void>;
}

export interface CommandSenderOptions {
  /** Who sends, as it stands in the subject. */
  readonly principal: string;
  readonly answerTimeoutMs: number;
}

/** How often the stored answer is looked for, should the announcement of it have been missed. */
const lookAgainMs = 1_000;

export async function startCommandSender(bus: Bus, options: CommandSenderOptions): Promise<CommandSender> {
  const { principal, answerTimeoutMs } = options;
  const waiting = new Map<string, Set<(answer: CommandAnswer) => void>>();

  const subscription = bus.subscribe(answerSubject(principal, "*"), (message) => {
    const answer = commandAnswer.check(decodeJson(message.data));
    for (const resolve of waiting.get(answer.commandId) ?? []) resolve(answer);
  });
  await subscription.ready;

  async function stored(commandId: string): Promise<CommandAnswer | undefined> {
    try {
      const message = await bus.streams.last(answerStream, answerSubject(principal, commandId));
      return message === undefined ? undefined : commandAnswer.check(decodeJson(message.data));
    } catch (error) {
      if (hasCode(error, "stream-not-found")) return undefined;
      throw error;
    }
  }

  async function publish(agent: string, verb: CommandVerb, command: CommandMessage): Promise<void> {
    try {
      await bus.store(commandSubject(principal, agent, verb), encodeJson(command), { messageId: command.id });
    } catch (error) {
      if (hasCode(error, "unknown-agent")) throw unanswered(command.id, 0, error);
      throw error;
    }
  }

  /** The announced answer, or the stored one where the announcement was missed. */
  async function awaitAnswer(
    announced: Promise<CommandAnswer>,
    commandId: string,
    signal: AbortSignal,
  ): Promise<CommandAnswer> {
    const deadlineMs = performance.now() + answerTimeoutMs;
    while (performance.now() < deadlineMs) {
      const turnMs = Math.min(lookAgainMs, deadlineMs - performance.now());
      const turnOver = new AbortController();
      const over = delay(turnMs, undefined, { signal: AbortSignal.any([signal, turnOver.signal]) }).catch(
        () => undefined,
      );
      const answer = await Promise.race([announced, over]);
      turnOver.abort();
      if (answer !== undefined) return answer;
      if (signal.aborted)
        throw new CaxtonError("cancelled", `the caller of command ${commandId} left; the command stands`);
      const found = await stored(commandId).catch(() => undefined);
      if (found !== undefined) return found;
    }
    throw unanswered(commandId, answerTimeoutMs);
  }

  return {
    async send(agent, verb, command, signal) {
      const { promise, resolve } = Promise.withResolvers<CommandAnswer>();
      const resolvers = waiting.get(command.id) ?? new Set();
      waiting.set(command.id, resolvers.add(resolve));
      try {
        const earlier = await stored(command.id);
        if (earlier !== undefined) return accepted(earlier);
        await publish(agent, verb, command);
        return accepted(await awaitAnswer(promise, command.id, signal));
      } finally {
        resolvers.delete(resolve);
        if (resolvers.size === 0) waiting.delete(command.id);
      }
    },
    close: () => subscription.drain(),
  };
}

function accepted(answer: CommandAnswer): AcceptedAnswer {
  if (answer.ok) return answer;
  const { code, message } = answer.error;
  throw new CaxtonError(isErrorCode(code) ? code : "internal", message);
}

function unanswered(commandId: string, waitedMs: number, cause?: unknown): CaxtonError {
  const message =
    cause === undefined
      ? `no orchestrator answered command ${commandId} within ${waitedMs} ms; the command stays in line and is carried out when one runs`
      : "no orchestrator has ever run here, so that nobody takes commands; start one (`caxton up`) and ask again";
  return new CaxtonError("service-unavailable", message, { cause, details: { commandId, waitedMs } });
}
