import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus, Delivery } from "@caxton/bus/types";
import type { CommandAnswer } from "@caxton/contracts/command-message";
import { CaxtonError, type ErrorCode, toCaxtonError } from "@caxton/contracts/errors";
import {
  answerStream,
  answerSubject,
  artifactBucket,
  commandConsumer,
  commandStream,
} from "@caxton/contracts/subjects";
import type { Command } from "@caxton/deployment/command";
import type { Logger } from "@caxton/telemetry/logger";
import { commandIdOf, partsOf, type ReceivedCommand, receivedCommand } from "../core/received-command.ts";
import { deployRequest } from "../core/request.ts";
import type { Agents, CommandIn } from "./agents.ts";

const ackWaitMs = 30_000;
const retryAfterMs = 1_000;
/** These say nothing about the command: it is tried again instead of being answered. */
const passing: readonly ErrorCode[] = ["internal", "store-unavailable", "bus-unavailable", "timeout"];

export interface CommandsOptions {
  readonly bus: Bus;
  readonly agents: Agents;
  readonly log: Logger;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/**
 * Reads commands until `signal` aborts. Each is acknowledged when its answer is stored, so one that was cut off comes again.
 * @throws CaxtonError where they cannot be read now
 */
export async function serveCommands(options: CommandsOptions): Promise<void> {
  const { bus, signal } = options;
  const consumer = await bus.streams.consumer({
    stream: commandStream,
    durable: commandConsumer,
    ackWaitMs,
    maxAckPending: 256,
  });
  while (!signal.aborted) {
    for await (const delivery of consumer.fetch({ maxMessages: 16, expiresMs: 1_000 })) await serve(delivery, options);
  }
}

async function serve(delivery: Delivery, options: CommandsOptions): Promise<void> {
  const { bus, log } = options;
  const { principal, agent, verb } = partsOf(delivery.subject);
  const body = bodyOf(delivery);
  const commandId = commandIdOf(body) ?? `seq-${delivery.sequence}`;
  const subject = answerSubject(principal, commandId);
  try {
    const earlier = await bus.streams.last(answerStream, subject);
    if (earlier === undefined) {
      const answer = await answerTo(delivery.subject, body, commandId, options);
      const refused = answer.ok ? {} : { code: answer.error.code };
      log.info(
        { agent_id: agent, verb, command_id: commandId, principal, ok: answer.ok, ...refused },
        "command answered",
      );
      await bus.store(subject, encodeJson(answer));
    } else {
      await bus.store(subject, earlier.data);
    }
    await delivery.ack();
  } catch (error) {
    const { code, message } = toCaxtonError(error);
    log.error({ command_id: commandId, code }, `command not handled, it will come again: ${message}`);
    delivery.nak(retryAfterMs);
  }
}

async function answerTo(
  subject: string,
  body: unknown,
  commandId: string,
  options: CommandsOptions,
): Promise<CommandAnswer> {
  const { agents, bus, now } = options;
  try {
    const received = receivedCommand(subject, body, now());
    const { agent, message } = received;
    if (received.verb !== "deploy" && agents.view(agent).revision < 0) {
      throw new CaxtonError("unknown-agent", `no agent ${agent}; 'caxton list' shows those there are`);
    }
    const decision = await agents.handle(agent, await domainCommand(received, bus), {
      ...(message.traceparent === undefined ? {} : { traceparent: message.traceparent }),
      ...(message.reason === undefined ? {} : { reason: message.reason }),
    });
    if (!decision.ok) return { commandId, ok: false, error: { ...decision.refusal } };
    const state = agents.view(agent).state.deployments[message.deployment]?.state ?? "Queued";
    return { commandId, ok: true, agent, deployment: message.deployment, state };
  } catch (error) {
    const { code, message } = toCaxtonError(error);
    if (passing.includes(code)) throw error;
    return { commandId, ok: false, error: { code, message } };
  }
}

async function domainCommand(received: ReceivedCommand, bus: Bus): Promise<Command | CommandIn> {
  const { principal, agent, verb, message } = received;
  const sender = {
    commandId: message.id,
    actor: message.actor === undefined ? principal : `${message.actor} (${principal})`,
  };
  if (verb !== "deploy") {
    return {
      type: verb,
      deployment: message.deployment,
      reason: message.reason ?? `${verb} by ${sender.actor}`,
      ...sender,
    };
  }
  const { digest } = message.artifact;
  const artifacts = await bus.objects(artifactBucket);
  const sizeBytes = await artifacts.sizeBytes(digest);
  if (sizeBytes === undefined) {
    throw new CaxtonError(
      "unknown-artifact",
      `no artifact ${digest} was uploaded; PUT it to the gateway's /artifacts/<sha256> first`,
    );
  }
  return (state) => ({ ...deployRequest(agent, message, sizeBytes, state), ...sender });
}

function bodyOf(delivery: Delivery): unknown {
  try {
    return decodeJson(delivery.data);
  } catch {
    return undefined;
  }
}
