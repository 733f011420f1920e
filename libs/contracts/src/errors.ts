/** How gRPC and Connect name an error class; https://grpc.io/docs/guides/status-codes/ */
export type GrpcCode =
  | "aborted"
  | "already_exists"
  | "deadline_exceeded"
  | "failed_precondition"
  | "internal"
  | "invalid_argument"
  | "not_found"
  | "out_of_range"
  | "permission_denied"
  | "resource_exhausted"
  | "unavailable"
  | "unimplemented";

interface ErrorEntry {
  readonly meaning: string;
  readonly grpc: GrpcCode;
  readonly exit: number;
}

/**
 * Every way something can go wrong that a user, a script or another service is told about.
 * `exit` is the process exit code of the CLI: 1 internal, 2 bad input, 3 not found,
 * 4 refused by a rule, 5 refused by validation, 6 something is unavailable, 7 out of time.
 */
export const errorCodes = {
  "invalid-argument": {
    meaning: "An argument is missing, malformed or out of its bound.",
    grpc: "invalid_argument",
    exit: 2,
  },
  "invalid-agent-name": {
    meaning: "An agent name is 1 to 48 of a-z, 0-9 and '-', beginning with a letter.",
    grpc: "invalid_argument",
    exit: 2,
  },
  "invalid-stream-name": {
    meaning: "An event stream name is 1 to 200 of a-z, A-Z, 0-9, '-' and '_'.",
    grpc: "invalid_argument",
    exit: 2,
  },
  "invalid-command": { meaning: "A command does not satisfy its schema.", grpc: "invalid_argument", exit: 2 },
  "invalid-deployment-file": {
    meaning: "A deployment file says something that it may not; every place is named.",
    grpc: "invalid_argument",
    exit: 2,
  },
  "command-expired": {
    meaning: "A command was read after its expiresAt and was not applied.",
    grpc: "deadline_exceeded",
    exit: 7,
  },
  "unknown-agent": { meaning: "No agent of this name was ever deployed.", grpc: "not_found", exit: 3 },
  "unknown-deployment": { meaning: "No deployment with this id or abbreviation.", grpc: "not_found", exit: 3 },
  "unknown-message": {
    meaning: "The agent's inbox never accepted a message with this sequence, or it is no dead letter.",
    grpc: "not_found",
    exit: 3,
  },
  "unknown-artifact": { meaning: "No artifact with this digest was uploaded.", grpc: "not_found", exit: 3 },
  "ambiguous-id": { meaning: "An abbreviated id fits more than one thing.", grpc: "invalid_argument", exit: 2 },
  "deployment-exists": {
    meaning: "This deployment id was used before for something else.",
    grpc: "already_exists",
    exit: 4,
  },
  "already-active": {
    meaning: "The agent already runs this artifact with this configuration, limits, instances and concurrency.",
    grpc: "already_exists",
    exit: 4,
  },
  "queue-full": { meaning: "As many deployments of the agent wait as may.", grpc: "resource_exhausted", exit: 4 },
  "deployment-conflict": {
    meaning: "Another deployment of the agent is on its way, and the new one was to be rejected then.",
    grpc: "failed_precondition",
    exit: 4,
  },
  "stale-queue": {
    meaning: "The line of waiting deployments has changed since it was looked at; nothing was moved.",
    grpc: "aborted",
    exit: 4,
  },
  busy: {
    meaning: "The machine bears no more now: it keeps what was asked in its line, and says at which place.",
    grpc: "resource_exhausted",
    exit: 6,
  },
  held: {
    meaning: "Somebody holds the agent: nothing is taken out of its inbox until it is released.",
    grpc: "failed_precondition",
    exit: 4,
  },
  undeployed: {
    meaning: "The agent was undeployed: its inbox takes nothing until it is deployed again.",
    grpc: "failed_precondition",
    exit: 4,
  },
  frozen: {
    meaning: "There is a freeze: no new version comes into traffic; its reason and its end are in the message.",
    grpc: "failed_precondition",
    exit: 4,
  },
  "not-allowed-now": {
    meaning: "The deployment is in a state in which this command means nothing.",
    grpc: "failed_precondition",
    exit: 4,
  },
  "stale-step": {
    meaning: "The command means a step that is not the one under way.",
    grpc: "failed_precondition",
    exit: 4,
  },
  "warm-up-failed": {
    meaning:
      "While it was warmed up the new version failed on too many of the messages that the version before handled.",
    grpc: "failed_precondition",
    exit: 5,
  },
  "rolled-back": {
    meaning: "The deployment was taken back; its history says by whom or by which rule.",
    grpc: "failed_precondition",
    exit: 4,
  },
  "nothing-to-roll-back-to": {
    meaning: "No earlier version is kept warm for this agent.",
    grpc: "failed_precondition",
    exit: 4,
  },
  "nothing-to-redrive": {
    meaning: "No message that the version handled or failed is left to be handled again.",
    grpc: "failed_precondition",
    exit: 4,
  },
  "no-live-version": {
    meaning: "A shadow has nothing to be compared with: no version of the agent is live.",
    grpc: "failed_precondition",
    exit: 4,
  },
  "kept-too-short": {
    meaning: "The bus keeps messages and outcomes for a shorter time than a shadow needs them.",
    grpc: "failed_precondition",
    exit: 4,
  },
  "artifact-empty": { meaning: "The artifact has no bytes.", grpc: "invalid_argument", exit: 2 },
  "artifact-too-large": {
    meaning: "The artifact exceeds the largest size accepted.",
    grpc: "resource_exhausted",
    exit: 2,
  },
  "digest-mismatch": {
    meaning: "The bytes received do not have the sha256 they were announced with.",
    grpc: "invalid_argument",
    exit: 2,
  },
  "not-wasm": { meaning: "The artifact is not WebAssembly.", grpc: "invalid_argument", exit: 5 },
  "core-module": {
    meaning: "The artifact is a core module where a component is needed.",
    grpc: "invalid_argument",
    exit: 5,
  },
  "malformed-component": {
    meaning: "The artifact begins as a component but cannot be read as one.",
    grpc: "invalid_argument",
    exit: 5,
  },
  "wrong-world": {
    meaning: "The component does not export the world caxton:agent/agent.",
    grpc: "failed_precondition",
    exit: 5,
  },
  "import-not-granted": {
    meaning: "The component imports something agents are not given.",
    grpc: "failed_precondition",
    exit: 5,
  },
  "memory-over-limit": {
    meaning: "The component needs more memory than its limit.",
    grpc: "resource_exhausted",
    exit: 5,
  },
  "start-failed": {
    meaning: "The component could not be instantiated, or trapped while describing itself.",
    grpc: "failed_precondition",
    exit: 5,
  },
  "start-timeout": {
    meaning: "The component did not start or describe itself in time.",
    grpc: "deadline_exceeded",
    exit: 5,
  },
  "description-invalid": {
    meaning: "What describe() returned is not a valid description.",
    grpc: "failed_precondition",
    exit: 5,
  },
  "configuration-invalid": {
    meaning: "The configuration does not satisfy the schema that the component declares for it.",
    grpc: "failed_precondition",
    exit: 5,
  },
  "schema-invalid": {
    meaning: "A schema in the description is not valid JSON Schema 2020-12.",
    grpc: "failed_precondition",
    exit: 5,
  },
  "example-invalid": {
    meaning: "An example in the description does not satisfy its own schema.",
    grpc: "failed_precondition",
    exit: 5,
  },
  "example-failed": {
    meaning: "handle() failed, trapped or ran out of time on an example the agent says it accepts.",
    grpc: "failed_precondition",
    exit: 5,
  },
  "output-undeclared": {
    meaning: "handle() returned an output that the description does not declare or that breaks its schema.",
    grpc: "failed_precondition",
    exit: 5,
  },
  "breaking-change": {
    meaning: "Messages that the live version accepts would be refused; --allow-breaking with a reason overrides.",
    grpc: "failed_precondition",
    exit: 5,
  },
  "too-slow": {
    meaning: "Profiling measured more time per message or to start than the limits allow.",
    grpc: "resource_exhausted",
    exit: 5,
  },
  "output-too-large": {
    meaning: "The outputs of one message exceed their limit.",
    grpc: "resource_exhausted",
    exit: 5,
  },
  "validation-timeout": { meaning: "Validation as a whole did not end in time.", grpc: "deadline_exceeded", exit: 7 },
  "version-failed": { meaning: "A version's process did not become ready.", grpc: "failed_precondition", exit: 4 },
  "message-invalid": {
    meaning: "A message is not JSON or breaks the schema the agent accepts.",
    grpc: "invalid_argument",
    exit: 2,
  },
  "message-too-large": {
    meaning: "A message exceeds the inbox's largest message size.",
    grpc: "resource_exhausted",
    exit: 2,
  },
  "agent-failure": { meaning: "The agent answered a message with a failure.", grpc: "failed_precondition", exit: 1 },
  "agent-trap": { meaning: "The agent trapped or threw on a message.", grpc: "internal", exit: 1 },
  "agent-timeout": {
    meaning: "The agent did not answer a message within its deadline.",
    grpc: "deadline_exceeded",
    exit: 7,
  },
  "agent-crash": { meaning: "The version's process ended while it had the message.", grpc: "internal", exit: 1 },
  "hop-limit": { meaning: "A message passed through more agents than allowed.", grpc: "failed_precondition", exit: 1 },
  undecided: { meaning: "A message was delivered very often without ever being decided.", grpc: "internal", exit: 1 },
  "inbox-full": {
    meaning: "The agent's inbox is at its limit; nothing was accepted.",
    grpc: "resource_exhausted",
    exit: 6,
  },
  "inbox-behind": {
    meaning: "An inbox ends below what outcomes know of: it was brought back older than it was.",
    grpc: "failed_precondition",
    exit: 6,
  },
  "outcomes-behind": {
    meaning: "An outcome stream ends below what was carried on out of it: it was brought back older than it was.",
    grpc: "failed_precondition",
    exit: 6,
  },
  "outcomes-full": {
    meaning:
      "An agent's outcome stream is at its limit: nothing more is decided, and nothing lost, until some are trimmed.",
    grpc: "resource_exhausted",
    exit: 6,
  },
  "message-removed": {
    meaning: "A message was taken out of the inbox before anything was decided on it.",
    grpc: "failed_precondition",
    exit: 6,
  },
  "stale-route": {
    meaning: "A request was made under a route revision that is closed for this version.",
    grpc: "aborted",
    exit: 1,
  },
  "no-instance": { meaning: "No process of the version is there to answer.", grpc: "unavailable", exit: 6 },
  "wrong-revision": {
    meaning: "The stream is not at the expected revision; somebody else appended.",
    grpc: "aborted",
    exit: 1,
  },
  "wrong-sequence": {
    meaning: "The bus refused a write because the subject or stream is not at the expected sequence.",
    grpc: "aborted",
    exit: 1,
  },
  "stream-not-found": { meaning: "No stream of this name.", grpc: "not_found", exit: 3 },
  "append-too-large": {
    meaning: "An append exceeds the largest size the event store takes.",
    grpc: "resource_exhausted",
    exit: 2,
  },
  "bus-unavailable": { meaning: "nats-server cannot be reached.", grpc: "unavailable", exit: 6 },
  "store-unavailable": { meaning: "The event store cannot be reached.", grpc: "unavailable", exit: 6 },
  "service-unavailable": { meaning: "No service of the needed kind answers.", grpc: "unavailable", exit: 6 },
  "gateway-unavailable": {
    meaning: "The gateway cannot be reached; is `caxton up` running?",
    grpc: "unavailable",
    exit: 6,
  },
  timeout: {
    meaning: "An answer did not come in time; the work may still be going on.",
    grpc: "deadline_exceeded",
    exit: 7,
  },
  cancelled: { meaning: "The caller gave up.", grpc: "aborted", exit: 7 },
  "not-implemented": { meaning: "Declared in the API and not served yet.", grpc: "unimplemented", exit: 2 },
  "replay-mismatch": {
    meaning: "The state folded from the event store differs from the state served.",
    grpc: "internal",
    exit: 1,
  },
  unhealthy: {
    meaning: "A check of the running system found a problem; what it found says what to do.",
    grpc: "failed_precondition",
    exit: 6,
  },
  internal: { meaning: "A fault of ours; the log has the stack.", grpc: "internal", exit: 1 },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorCodes;

/** The one error that crosses a boundary. `details` holds ids and bounds for machines; `message` holds them for people. */
export class CaxtonError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, string | number | boolean>>;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; details?: Readonly<Record<string, string | number | boolean>> } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = "CaxtonError";
    this.code = code;
    this.details = options.details ?? {};
  }
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && Object.hasOwn(errorCodes, value);
}

export function hasCode(error: unknown, ...codes: readonly ErrorCode[]): error is CaxtonError {
  return error instanceof CaxtonError && codes.includes(error.code);
}

/** Any thrown value as a CaxtonError; what is not one already becomes `internal` with the original as cause. */
export function toCaxtonError(error: unknown): CaxtonError {
  if (error instanceof CaxtonError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new CaxtonError("internal", message, { cause: error });
}
