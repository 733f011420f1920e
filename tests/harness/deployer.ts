import { createHash, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { type CommandAnswer, commandAnswer } from "@caxton/contracts/command-answer";
import { deployCommand, type DeployCommand } from "@caxton/contracts/command-message";
import { commands, type CommandVerb } from "@caxton/contracts/commands";
import {
  answerStream,
  answerSubject,
  artifactBucket,
  commandSubject,
  deploymentStream,
  deploymentSubject,
} from "@caxton/contracts/subjects";

/** Puts a component where hosts and validators find it. @returns its digest */
export async function uploadArtifact(bus: Bus, file: string): Promise<string> {
  const bytes = await readFile(file);
  const digest = createHash("sha256").update(bytes).digest("hex");
  const bucket = await bus.objects(artifactBucket);
  if (!(await bucket.has(digest))) await bucket.put(digest, new Blob([bytes]).stream());
  return digest;
}

/** Publishes a deploy command as any client may. @returns the deployment's id */
export async function publishDeploy(
  bus: Bus,
  agent: string,
  digest: string,
  principal = "tests",
  more: Partial<DeployCommand> = {},
): Promise<string> {
  const deployment = randomUUID();
  const command: DeployCommand = deployCommand.check({ ...more, id: randomUUID(), deployment, artifact: { digest } });
  await bus.store(commandSubject(principal, agent, "deploy"), encodeJson(command), { messageId: command.id });
  return deployment;
}

/** Publishes any other command and waits for its answer. */
export async function publishCommand(
  bus: Bus,
  agent: string,
  verb: Exclude<CommandVerb, "deploy">,
  deployment: string,
  more: object = {},
): Promise<CommandAnswer> {
  return publishAny(bus, agent, verb, { ...more, deployment });
}

/** The same of a command that is about no deployment, under whatever name. */
export async function publishAny(
  bus: Bus,
  agent: string,
  verb: CommandVerb,
  body: object,
  principal = "tests",
): Promise<CommandAnswer> {
  const { message } = commands[verb].read({ ...body, id: randomUUID() });
  const answers = bus.streams.follow(answerStream, { filterSubject: answerSubject(principal, message.id) });
  await bus.store(commandSubject(principal, agent, verb), encodeJson(message), { messageId: message.id });
  for await (const { data } of answers) return commandAnswer.check(decodeJson(data));
  throw new Error(`no answer to ${verb} of ${agent}`);
}

export interface DeploymentFact {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A deployment's events as they are published, until the first whose type is in `until`; that one is the last returned. */
export async function deploymentFacts(
  bus: Bus,
  agent: string,
  deployment: string,
  until: readonly string[],
  timeoutMs: number,
): Promise<readonly DeploymentFact[]> {
  const facts: DeploymentFact[] = [];
  const timeout = AbortSignal.timeout(timeoutMs);
  const filterSubject = deploymentSubject(agent, deployment, "*");
  for await (const { data } of bus.streams.follow(deploymentStream, { filterSubject, signal: timeout })) {
    const fact = readFact(decodeJson(data));
    facts.push(fact);
    if (until.includes(fact.type)) return facts;
  }
  const seen = facts.map(({ type, data }) => `${type} ${JSON.stringify(data)}`).join("\n");
  throw new Error(`deployment ${deployment} did not come to ${until.join(" or ")} within ${timeoutMs} ms:\n${seen}`);
}

/** `caxton.deployment.<type>.v<n>` with the event's own data. */
function readFact(cloudEvent: unknown): DeploymentFact {
  const isRight = typeof cloudEvent === "object" && cloudEvent !== null && "type" in cloudEvent && "data" in cloudEvent;
  if (!isRight || typeof cloudEvent.type !== "string") throw new Error(`no CloudEvent: ${JSON.stringify(cloudEvent)}`);
  const { type, data } = cloudEvent;
  return { type: type.split(".")[2] ?? "", data: typeof data === "object" && data !== null ? { ...data } : {} };
}
