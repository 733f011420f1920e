import { type CommandAnswer, commandAnswer } from "@caxton/contracts/command-answer";

/** A command as an operator sees it. */
export interface CommandEntry {
  readonly principal: string;
  /** Of the answer in its stream; 0 where there is none yet. */
  readonly position: number;
  /** Unix ms. */
  readonly answeredAtMs?: number;
  readonly id: string;
  readonly agent: string;
  readonly verb: string;
  readonly receivedAtMs?: number;
  readonly sequence?: number;
  /** Absent where it waits for one. */
  readonly answer?: CommandAnswer;
}

export interface CommandFilter {
  /** The beginning of the agent's name; any where it is empty. */
  readonly agent: string;
  readonly principal: string;
  readonly refused: boolean;
}

interface Stored {
  readonly subject: string;
  readonly sequence: number;
  readonly storedAtMs: number;
}

/** An answer as it is stored; undefined where what lies there is none. */
export function answeredEntry(stored: Stored, json: unknown): CommandEntry | undefined {
  if (!commandAnswer.matches(json)) return undefined;
  const { commandId, agent = "", verb = "", sequence, receivedAt } = json;
  return {
    principal: stored.subject.split(".")[2] ?? "",
    position: stored.sequence,
    answeredAtMs: stored.storedAtMs,
    id: commandId,
    agent,
    verb,
    ...(sequence === undefined ? {} : { sequence }),
    ...(receivedAt === undefined ? {} : { receivedAtMs: Date.parse(receivedAt) }),
    answer: json,
  };
}

/** A command that nobody has answered yet. */
export function waitingEntry(stored: Stored, id: string): CommandEntry {
  const [, , principal = "", agent = "", verb = ""] = stored.subject.split(".");
  return { principal, position: 0, id, agent, verb, receivedAtMs: stored.storedAtMs, sequence: stored.sequence };
}

export function isWanted({ agent, principal, answer }: CommandEntry, filter: CommandFilter): boolean {
  const isRefused = answer !== undefined && (!answer.ok || answer.differed === true);
  return (
    agent.startsWith(filter.agent) &&
    (filter.principal === "" || filter.principal === principal) &&
    (!filter.refused || isRefused)
  );
}
