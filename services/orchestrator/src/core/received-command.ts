import { CaxtonError } from "@caxton/contracts/errors";
import {
  type CommandVerb,
  commandVerbs,
  type DeployCommand,
  deployCommand,
  type DeploymentCommand,
  deploymentCommand,
  isCommandVerb,
} from "@caxton/contracts/command-message";
import { requireAgentName } from "@caxton/contracts/names";
import { isUuid } from "@caxton/contracts/schema";

/** A command as it lay on the bus, checked against its schema. */
export type ReceivedCommand = { readonly principal: string; readonly agent: string } & (
  | { readonly verb: "deploy"; readonly message: DeployCommand }
  | { readonly verb: Exclude<CommandVerb, "deploy">; readonly message: DeploymentCommand }
);

/** `caxton.commands.<principal>.<agent>.<verb>` in its parts. */
export function partsOf(subject: string): {
  readonly principal: string;
  readonly agent: string;
  readonly verb: string;
} {
  const [, , principal = "", agent = "", verb = ""] = subject.split(".");
  return { principal, agent, verb };
}

/** The id of a command that may be malformed otherwise: where its answer goes. */
export function commandIdOf(body: unknown): string | undefined {
  const id = typeof body === "object" && body !== null && "id" in body ? body.id : undefined;
  return typeof id === "string" && isUuid(id) ? id : undefined;
}

/**
 * @param body undefined where the bytes were no JSON
 * @throws CaxtonError `invalid-command`, `invalid-agent-name`, `command-expired`
 */
export function receivedCommand(subject: string, body: unknown, now: number): ReceivedCommand {
  const { principal, agent, verb } = partsOf(subject);
  requireAgentName(agent);
  if (!isCommandVerb(verb))
    throw new CaxtonError("invalid-command", `'${verb}' is no command; there are ${commandVerbs.join(", ")}`);
  if (body === undefined) throw new CaxtonError("invalid-command", "the command is not JSON in UTF-8");
  const received: ReceivedCommand =
    verb === "deploy"
      ? { principal, agent, verb, message: deployCommand.check(body) }
      : { principal, agent, verb, message: deploymentCommand.check(body) };
  const { id, expiresAt } = received.message;
  if (expiresAt !== undefined && now > Date.parse(expiresAt)) {
    throw new CaxtonError(
      "command-expired",
      `command ${id} expired at ${expiresAt}; it was read at ${new Date(now).toISOString()}`,
    );
  }
  return received;
}
