import { CaxtonError } from "./errors.ts";

const agentName = /^[a-z][a-z0-9-]{0,47}$/;
const digest = /^[0-9a-f]{64}$/;
const streamName = /^[A-Za-z0-9_-]{1,200}$/;
const subjectToken = /^[A-Za-z0-9_-]{1,64}$/;

export function isAgentName(value: string): boolean {
  return agentName.test(value);
}

/** @throws CaxtonError `invalid-agent-name` */
export function requireAgentName(value: string): string {
  if (isAgentName(value)) return value;
  throw new CaxtonError(
    "invalid-agent-name",
    `'${value.slice(0, 80)}' is no agent name: 1 to 48 of a-z, 0-9 and '-', beginning with a letter`,
  );
}

/** An artifact's name: the sha256 of its bytes in 64 lower-case hex digits. */
export function isDigest(value: string): boolean {
  return digest.test(value);
}

/** Output kinds, principals and ids travel as one subject token, so they may hold no dot, space or wildcard. */
export function isSubjectToken(value: string): boolean {
  return subjectToken.test(value);
}

/** @throws CaxtonError `invalid-stream-name` */
export function requireStreamName(value: string): string {
  if (streamName.test(value)) return value;
  throw new CaxtonError(
    "invalid-stream-name",
    `'${value.slice(0, 80)}' is no stream name: 1 to 200 of A-Z, a-z, 0-9, '-' and '_'`,
  );
}

/** The event stream that holds everything that happened to one agent. */
export function agentStream(agent: string): string {
  return `agent-${agent}`;
}

const agentStreamPrefix = agentStream("");

/** The agent whose history a stream is; undefined for streams of another kind. */
export function agentOfStream(stream: string): string | undefined {
  return stream.startsWith(agentStreamPrefix) ? stream.slice(agentStreamPrefix.length) : undefined;
}
