import { randomUUID } from "node:crypto";
import { encodeJson } from "@caxton/bus/json";
import type { Bus, Delivery, Subscription } from "@caxton/bus/types";
import type { CommandAnswer } from "@caxton/contracts/command-answer";
import { CaxtonError, type ErrorCode, toCaxtonError } from "@caxton/contracts/errors";
import { commandMaxBytes } from "@caxton/contracts/limits";
import {
  answerSubject,
  artifactBucket,
  commandConsumer,
  commandStream,
  commandSubjects,
} from "@caxton/contracts/subjects";
import { sentTrace, type SentTrace } from "@caxton/contracts/trace-context";
import { ownDeploymentTrace } from "@caxton/contracts/trace-spans";
import type { Command } from "@caxton/deployment/command";
import { isHeldByFreezes } from "@caxton/deployment/freeze";
import { allAgents } from "@caxton/deployment/freezes";
import type { Logger } from "@caxton/telemetry/logger";
import { answerAgain, answerWith, type Verdict } from "../core/answer.ts";
import {
  bodyOf,
  type CommandBody,
  type CommandBytes,
  commandIdOf,
  partsOf,
  type ReceivedCommand,
  receivedCommand,
} from "../core/received-command.ts";
import { freezeRequest } from "../core/freeze-request.ts";
import { deployRequest, requestOf } from "../core/request.ts";
import type { Agents, CommandIn } from "./agents.ts";
import type { EarlierAnswers } from "./earlier-answers.ts";
import type { Freezes } from "./freezes.ts";
import { keptForMs } from "./retention.ts";

/** One that an orchestrator took and then stood still on is another's after so long. */
const ackWaitMs = 5_000;
const retryAfterMs = 1_000;
/** These say nothing about the command: it is tried again instead of being answered. */
const passing: readonly ErrorCode[] = ["internal", "store-unavailable", "bus-unavailable", "timeout"];

export interface CommandsOptions {
  readonly bus: Bus;
  readonly agents: Agents;
  readonly freezes: Freezes;
  readonly earlier: EarlierAnswers;
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

/** A command that the stream took: acknowledged once its answer is stored. */
async function serve(delivery: Delivery, options: CommandsOptions): Promise<void> {
  const { subject, data, sequence, storedAtMs } = delivery;
  const body = bodyOf(data);
  const commandId = commandIdOf(body) ?? `seq-${sequence}`;
  try {
    const earlier = await options.earlier.of(delivery, commandId);
    await settle({ subject, data, sequence, receivedAtMs: storedAtMs }, { body, commandId, earlier }, options);
    await delivery.ack();
  } catch (error) {
    const { code, message } = toCaxtonError(error);
    options.log.error({ command_id: commandId, code }, `command not handled, it will come again: ${message}`);
    delivery.nak(retryAfterMs);
  }
}

interface Read {
  readonly body: CommandBody;
  readonly commandId: string;
  /** What this id was told before. */
  readonly earlier: CommandAnswer | undefined;
}

/** Stores the answer: the earlier one where this id was answered before. */
async function settle(command: CommandBytes, read: Read, options: CommandsOptions): Promise<void> {
  const { bus, log } = options;
  const { body, commandId, earlier } = read;
  const { principal, agent, verb } = partsOf(command.subject);
  const answer =
    earlier === undefined
      ? answerWith(await decideOn(command, body, options), commandId, command, body)
      : answerAgain(earlier, command.sequence, await isSame(bus, earlier, command));
  const refused = answer.ok ? {} : { code: answer.error.code };
  const repeated = answer.repeated === undefined ? {} : { repeated: answer.repeated };
  log.info(
    { agent_id: agent, verb, command_id: commandId, principal, ok: answer.ok, ...refused, ...repeated },
    "command answered",
  );
  await bus.store(answerSubject(principal, commandId), encodeJson(answer));
}

/** Whether a command asks for what the first of its id asked for; undefined where that one is no longer kept. */
async function isSame(bus: Bus, { sequence }: CommandAnswer, command: CommandBytes): Promise<boolean | undefined> {
  const first = sequence === undefined ? undefined : await bus.streams.get(commandStream, sequence);
  if (first === undefined) return undefined;
  return first.subject === command.subject && Buffer.compare(first.data, command.data) === 0;
}

/**
 * Answers commands that are larger than the stream takes: the server tells their sender, but keeps nothing that an operator
 * could see. @returns how to stop
 */
export function refuseOversized(options: CommandsOptions): Subscription {
  const { bus, log, now } = options;
  const onError = (error: unknown): void => {
    const { code, message } = toCaxtonError(error);
    log.error({ code }, `a command that is too large was not answered: ${message}`);
  };
  return bus.subscribe(
    commandSubjects,
    async ({ subject, data }) => {
      if (data.byteLength <= commandMaxBytes) return;
      const body = bodyOf(data);
      const commandId = commandIdOf(body) ?? `refused-${randomUUID()}`;
      const earlier = await options.earlier.stored(answerSubject(partsOf(subject).principal, commandId));
      await settle({ subject, data, receivedAtMs: now() }, { body, commandId, earlier }, options);
    },
    { queue: commandConsumer, onError },
  );
}

/** @throws CaxtonError where it says nothing about the command: it is to be tried again */
async function decideOn(command: CommandBytes, body: CommandBody, options: CommandsOptions): Promise<Verdict> {
  const { agents, bus, freezes, now } = options;
  try {
    const received = receivedCommand(command, body, now());
    const { agent } = received;
    if (received.verb !== "deploy" && agent !== allAgents && agents.view(agent).revision < 0) {
      throw new CaxtonError("unknown-agent", `no agent ${agent}; 'caxton list' shows those there are`);
    }
    if (received.verb === "freeze" || received.verb === "unfreeze") {
      const decided = await freezes.handle(freezeRequest(received, senderOf(received)), sentTrace(received.message));
      return decided.ok ? { ok: true, agent } : { ok: false, error: decided.refusal };
    }
    if (isHeldByFreezes(received.verb)) await freezes.refresh();
    const { message } = received;
    const decision = await agents.handle(agent, await domainCommand(received, command.receivedAtMs, bus), {
      ...traceOf(received),
      ...(message.reason === undefined ? {} : { reason: message.reason }),
    });
    if (!decision.ok) return { ok: false, error: decision.refusal };
    if (!("deployment" in message)) return { ok: true, agent };
    const state = agents.view(agent).state.deployments[message.deployment]?.state ?? "Queued";
    return { ok: true, agent, deployment: message.deployment, state };
  } catch (error) {
    const { code, message } = toCaxtonError(error);
    if (passing.includes(code)) throw error;
    return { ok: false, error: { code, message } };
  }
}

/** A deployment has a trace in any case; what is done to it later belongs to it unless its sender has one. */
function traceOf({ verb, message }: DeploymentCommand): SentTrace {
  const sent = sentTrace(message);
  const isOwn = verb === "deploy" && sent.traceparent === undefined;
  return isOwn ? ownDeploymentTrace(message.id, message.deployment) : sent;
}

type DeploymentCommand = Exclude<ReceivedCommand, { readonly verb: "freeze" | "unfreeze" }>;

function senderOf({ principal, message }: ReceivedCommand) {
  return {
    commandId: message.id,
    actor: message.actor === undefined ? principal : `${message.actor} (${principal})`,
  };
}

async function domainCommand(received: DeploymentCommand, askedAtMs: number, bus: Bus): Promise<Command | CommandIn> {
  const { agent } = received;
  const sender = { ...senderOf(received), askedAtMs };
  if (received.verb !== "deploy") return { ...requestOf(received, sender.actor), ...sender };
  const { digest } = received.message.artifact;
  const artifacts = await bus.objects(artifactBucket);
  const sizeBytes = await artifacts.sizeBytes(digest);
  if (sizeBytes === undefined) {
    throw new CaxtonError(
      "unknown-artifact",
      `no artifact ${digest} was uploaded; PUT it to the gateway's /artifacts/<sha256> first`,
    );
  }
  const { message: deploy } = received;
  const keptMs = await keptForMs(bus, agent, deploy.strategy);
  const kept = keptMs === undefined ? {} : { keptMs };
  return (state) => ({ ...deployRequest(agent, deploy, sizeBytes, state), ...kept, ...sender });
}
