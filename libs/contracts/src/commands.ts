import type { Static, TSchema } from "./type.ts";
import { AgentCommand, agentCommand, UndeployCommand, undeployCommand } from "./agent-message.ts";
import {
  DeployCommand,
  deployCommand,
  DeploymentCommand,
  deploymentCommand,
  MoveCommand,
  moveCommand,
  PromoteCommand,
  promoteCommand,
  RedriveCommand,
  redriveCommand,
  StepCommand,
  stepCommand,
} from "./command-message.ts";
import { FreezeCommand, freezeCommand, UnfreezeCommand, unfreezeCommand } from "./freeze-message.ts";
import type { Checker } from "./schema.ts";

const deployment = "01999a5e-7c00-7a41-9d2c-3f1b8f6a2c10";

/**
 * Every command there is, by its verb in `caxton.commands.<principal>.<agent>.<verb>`. One that is added here is read by the
 * orchestrator, and described in the AsyncAPI document with its schema and its example.
 */
export const commands = {
  deploy: command("deploy", DeployCommand, deployCommand, {
    summary: "Brings an artifact into an agent; the first deployment makes the agent.",
    example: {
      id: "7a0c5a52-5f0e-4c39-9a68-0f5d3b1c9e21",
      deployment,
      artifact: { digest: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" },
      configuration: { minMagnitude: 4.5 },
      limits: { messageTimeoutMs: 500 },
      actor: "ada",
      reason: "fewer false alarms",
    },
  }),
  abort: command("abort", DeploymentCommand, deploymentCommand, {
    summary: "Takes a deployment back before it runs.",
    example: { id: "2c1f7b1e-6d1c-4f0a-8f8e-52b5f9a7d3c4", deployment, reason: "wrong file" },
  }),
  cancel: command("cancel", DeploymentCommand, deploymentCommand, {
    summary: "Takes a deployment that waits out of the line; one that has started is refused.",
    example: { id: "a3d2c4e6-1b7f-4f0a-9c8d-4b2e6f8a0c55", deployment, reason: "not needed any more" },
  }),
  move: command("move", MoveCommand, moveCommand, {
    summary: "Gives a deployment that waits another place in the line.",
    example: {
      id: "b4e3d5f7-2c80-4a1b-8d9e-5c3f7a9b1d66",
      deployment,
      place: 1,
      queueRevision: 4,
      reason: "it mends an outage",
    },
  }),
  rollback: command("rollback", DeploymentCommand, deploymentCommand, {
    summary: "Takes a version out of the traffic and brings the previous one back.",
    example: { id: "c5e0a4d6-93b7-4d5b-b0a5-7e3d1c2f8a99", deployment, expiresAt: "2099-12-31T23:59:59Z" },
  }),
  promote: command("promote", PromoteCommand, promoteCommand, {
    summary: "Brings a canary to its next share, or to all messages, without waiting for its verdict.",
    example: { id: "0f9d6a3b-53a1-4a8e-b7a1-6f1f0f3f7c11", deployment, step: 3, reason: "looks good" },
  }),
  pause: command("pause", StepCommand, stepCommand, {
    summary: "Keeps a canary at its share; a verdict against it takes it back all the same.",
    example: { id: "8d0d1f0a-2a64-4a0c-9f4e-1b1f9c3b7d22", deployment, reason: "looking into a ticket" },
  }),
  resume: command("resume", StepCommand, stepCommand, {
    summary: "Lets a paused canary go on with the time it had left.",
    example: { id: "5b3c2f7e-8f3d-4d8b-8a9e-2c2f0d4c8e33", deployment },
  }),
  approve: command("approve", StepCommand, stepCommand, {
    summary: "Lets a canary that waits at an approval go on.",
    example: { id: "e1a4b6c8-7d5f-4c3b-9b8d-3d3f1e5d9f44", deployment, step: 4, actor: "ada" },
  }),
  redrive: command("redrive", RedriveCommand, redriveCommand, {
    summary: "Has the messages that a rolled-back version handled or failed handled again by the version that is live.",
    example: { id: "4f6d2b9a-0c1e-4b7a-a3d5-6e8f7a9b0c55", deployment, reason: "it rounded all amounts down" },
  }),
  hold: command("hold", AgentCommand, agentCommand, {
    summary: "Takes nothing more out of the agent's inbox; what is sent to it waits there.",
    example: { id: "e7b6a8ca-5fb3-4d4e-9ac1-8f6cadce4a99", reason: "its database is being moved" },
  }),
  release: command("release", AgentCommand, agentCommand, {
    summary: "Takes messages out of the agent's inbox again.",
    example: { id: "f8c7b9db-60c4-4e5f-8bd2-907dbedf5baa", reason: "moved" },
  }),
  undeploy: command("undeploy", UndeployCommand, undeployCommand, {
    summary: "Takes the agent out of traffic; nobody can put anything into its inbox from then on.",
    example: { id: "09d8caec-71d5-4f60-9ce3-a18ecfe06cbb", inbox: "drain", reason: "replaced by another agent" },
  }),
  freeze: command("freeze", FreezeCommand, freezeCommand, {
    summary: "Lets no new version of the agent into traffic until then; of all agents where the agent is `_all`.",
    example: {
      id: "c5f4e6a8-3d91-4b2c-9eaf-6d4a8bac2e77",
      reason: "year's end",
      until: "2099-12-31T23:59:59Z",
    },
  }),
  unfreeze: command("unfreeze", UnfreezeCommand, unfreezeCommand, {
    summary: "Lifts the freeze of the agent, or that of all agents where the agent is `_all`.",
    example: { id: "d6a5f7b9-4ea2-4c3d-8fb0-7e5b9cbd3f88", reason: "the audit is over" },
  }),
};

export type CommandVerb = keyof typeof commands;

/** A command's body with its verb. */
export type VerbAndMessage = ReturnType<(typeof commands)[CommandVerb]["read"]>;

export const commandVerbs: readonly string[] = Object.keys(commands);

export function isCommandVerb(value: string): value is CommandVerb {
  return Object.hasOwn(commands, value);
}

interface Described<Message> {
  /** One sentence. */
  readonly summary: string;
  readonly example: Message;
}

function command<Verb extends string, Schema extends TSchema>(
  verb: Verb,
  schema: Schema,
  checker: Checker<Static<Schema>>,
  described: Described<Static<Schema>>,
) {
  /** @throws CaxtonError `invalid-command` */
  const read = (body: unknown): { readonly verb: Verb; readonly message: Static<Schema> } => ({
    verb,
    message: checker.check(body),
  });
  return { ...described, schema, read };
}
