import type { CommandAnswer } from "@caxton/contracts/command-answer";
import { type CommandBytes, actorOf, type CommandBody, partsOf } from "./received-command.ts";

/** An answer has to fit wherever it is kept, whatever the command made its message quote. */
const messageMaxLength = 2_000;

export type Verdict =
  | { readonly ok: true; readonly agent: string; readonly deployment?: string; readonly state?: string }
  | { readonly ok: false; readonly error: { readonly code: string; readonly message: string } };

/** The answer to a command that was decided. */
export function answerWith(
  verdict: Verdict,
  commandId: string,
  command: CommandBytes,
  body: CommandBody,
): CommandAnswer {
  const { agent, verb } = partsOf(command.subject);
  const actor = actorOf(body);
  const circumstances = {
    ...(actor === undefined ? {} : { actor }),
    ...(command.sequence === undefined ? {} : { sequence: command.sequence }),
    verb,
    receivedAt: new Date(command.receivedAtMs).toISOString(),
  };
  if (verdict.ok) return { commandId, ...verdict, ...circumstances };
  const { code, message } = verdict.error;
  const shown = message.length > messageMaxLength ? `${message.slice(0, messageMaxLength)}…` : message;
  return { commandId, ok: false, agent, error: { code, message: shown }, ...circumstances };
}

/**
 * The answer to a command whose id was answered before: the same, and how often it came again.
 * @param isSame whether it asks for what the first one asked for; undefined where that is not kept
 */
export function answerAgain(
  earlier: CommandAnswer,
  sequence: number | undefined,
  isSame: boolean | undefined,
): CommandAnswer {
  // The bus delivered one once more that was answered or counted already.
  if (sequence !== undefined && sequence <= (earlier.lastRepeat ?? earlier.sequence ?? 0)) return earlier;
  const last = sequence === undefined ? {} : { lastRepeat: sequence };
  const repeated = { ...earlier, repeated: (earlier.repeated ?? 0) + 1, ...last };
  return isSame === false ? { ...repeated, differed: true } : repeated;
}
