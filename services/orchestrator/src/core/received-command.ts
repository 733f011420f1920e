import { CaxtonError } from "@caxton/contracts/errors";
import { commands, commandVerbs, isCommandVerb, type VerbAndMessage } from "@caxton/contracts/commands";
import { commandMaxBytes } from "@caxton/contracts/limits";
import { isSubjectToken, requireAgentName } from "@caxton/contracts/names";
import { isUuid } from "@caxton/contracts/schema";
import { allAgents } from "@caxton/deployment/freezes";

/** Deepest nesting of a command's JSON: what walks through a configuration does so by recursion. */
export const nestingMax = 64;

/** A command as it lay on the bus, checked against its schema. */
export type ReceivedCommand = { readonly principal: string; readonly agent: string } & VerbAndMessage;

/** As it lay on the bus. */
export interface CommandBytes {
  readonly subject: string;
  readonly data: Uint8Array;
  /** In the stream of commands; absent where the stream did not take it. */
  readonly sequence?: number;
  /** Unix ms. */
  readonly receivedAtMs: number;
}

/** `caxton.commands.<principal>.<agent>.<verb>` in its parts; empty where the subject has fewer. */
export function partsOf(subject: string): {
  readonly principal: string;
  readonly agent: string;
  readonly verb: string;
  readonly rest: readonly string[];
} {
  const [, , principal = "", agent = "", verb = "", ...rest] = subject.split(".");
  return { principal, agent, verb, rest };
}

/** JSON in UTF-8, or what was found in its place. */
export type CommandBody = { readonly json: unknown } | { readonly beginsWith: string };

const shownLength = 60;

export function bodyOf(data: Uint8Array): CommandBody {
  try {
    const json: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(data));
    return { json };
  } catch {
    return { beginsWith: new TextDecoder().decode(data.subarray(0, shownLength)) };
  }
}

/** The id of a command that may be malformed otherwise: where its answer goes. */
export function commandIdOf(body: CommandBody): string | undefined {
  const id = fieldOf(body, "id");
  return typeof id === "string" && isUuid(id) ? id : undefined;
}

/** Who wants a command that may be malformed otherwise. */
export function actorOf(body: CommandBody): string | undefined {
  const actor = fieldOf(body, "actor");
  return typeof actor === "string" ? actor.slice(0, 200) : undefined;
}

function fieldOf(body: CommandBody, name: "id" | "actor"): unknown {
  if (!("json" in body) || typeof body.json !== "object" || body.json === null) return undefined;
  return Object.entries(body.json).find(([key]) => key === name)?.[1];
}

/**
 * @throws CaxtonError `message-too-large`, `invalid-command`, `invalid-agent-name`, `command-expired`
 */
export function receivedCommand({ subject, data }: CommandBytes, body: CommandBody, now: number): ReceivedCommand {
  const { principal, agent, verb, rest } = partsOf(subject);
  if (data.byteLength > commandMaxBytes) {
    throw new CaxtonError(
      "message-too-large",
      `the command has ${data.byteLength} bytes, at most ${commandMaxBytes} are taken`,
    );
  }
  if (verb === "" || rest.length > 0 || !isSubjectToken(principal)) {
    throw new CaxtonError(
      "invalid-command",
      `'${subject.slice(0, 200)}' is no subject of a command: caxton.commands.<principal>.<agent>.<verb>, principal being 1 to 64 of letters, digits, '-' and '_'`,
    );
  }
  if (!(agent === allAgents && (verb === "freeze" || verb === "unfreeze"))) requireAgentName(agent);
  if (!isCommandVerb(verb)) {
    const there = commandVerbs.join(", ");
    throw new CaxtonError("invalid-command", `'${verb.slice(0, 80)}' is no command; there are ${there}`);
  }
  if (!("json" in body)) {
    throw new CaxtonError("invalid-command", `the command is not JSON in UTF-8; it begins with '${body.beginsWith}'`);
  }
  if (isDeeperThan(body.json, nestingMax)) {
    throw new CaxtonError("invalid-command", `the command's JSON is nested more than ${nestingMax} deep`);
  }
  const received: ReceivedCommand = { principal, agent, ...commands[verb].read(body.json) };
  const { id, expiresAt } = received.message;
  if (expiresAt !== undefined && now > Date.parse(expiresAt)) {
    throw new CaxtonError(
      "command-expired",
      `command ${id} expired at ${expiresAt}; it was read at ${new Date(now).toISOString()}`,
    );
  }
  return received;
}

/** Level by level, so that no depth of it is too deep for us. */
function isDeeperThan(value: unknown, max: number): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; depth < max; depth += 1) level = level.flatMap(itemsOf);
  return level.some((item) => typeof item === "object" && item !== null);
}

function itemsOf(value: unknown): readonly unknown[] {
  return typeof value === "object" && value !== null ? Object.entries(value).map(([, item]): unknown => item) : [];
}
