import { CaxtonError } from "@caxton/contracts/errors";
import { JetStreamApiError, JetStreamError } from "@nats-io/jetstream";
import { errors } from "@nats-io/transport-node";

/** What was being done when the client threw; the same foreign error means different things to different callers. */
export interface ErrorContext {
  readonly operation: "store" | "request" | "api";
  /** The subject, stream or bucket it was done to. */
  readonly target: string;
  readonly timeoutMs?: number;
}

/** The only place where errors of the NATS client and of the server's JetStream API become ours. */
export function mapError(error: unknown, context: ErrorContext): CaxtonError {
  if (error instanceof CaxtonError) return error;
  const { operation, target } = context;
  if (error instanceof JetStreamApiError) return mapApiError(error.code, error.status, error.message, context, error);
  // The package declares this class and does not export it.
  if (error instanceof Error && error.name === "JetStreamNotEnabled") {
    return new CaxtonError(
      "bus-unavailable",
      `JetStream does not answer for ${target}: start nats-server with -js, or wait until it has a leader`,
      {
        cause: error,
      },
    );
  }
  if (isNoResponders(error)) {
    if (operation === "request") {
      return new CaxtonError("no-instance", `nobody answers on ${target}: is its process running?`, { cause: error });
    }
    if (operation === "store") {
      return new CaxtonError("unknown-agent", `no stream takes ${target}: was its agent ever deployed?`, {
        cause: error,
      });
    }
    return new CaxtonError("bus-unavailable", `JetStream does not answer for ${target}`, { cause: error });
  }
  if (error instanceof errors.TimeoutError) {
    const bound = context.timeoutMs === undefined ? "" : ` within ${context.timeoutMs} ms`;
    return new CaxtonError("timeout", `no answer on ${target}${bound}; it may have been done all the same`, {
      cause: error,
    });
  }
  if (isUnavailable(error)) {
    return new CaxtonError("bus-unavailable", `the connection to nats-server is gone (${target})`, { cause: error });
  }
  if (error instanceof errors.PermissionViolationError || error instanceof errors.AuthorizationError) {
    return new CaxtonError("internal", `nats-server does not permit this connection ${target}: ${error.message}`, {
      cause: error,
    });
  }
  if (error instanceof errors.InvalidArgumentError || error instanceof errors.InvalidSubjectError) {
    return new CaxtonError("invalid-argument", `${target}: ${error.message}`, { cause: error });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new CaxtonError("internal", `${target}: ${message}`, { cause: error });
}

/** Codes as nats-server's server/errors.json lists them. */
export function mapApiError(
  code: number,
  status: number,
  description: string,
  context: ErrorContext,
  cause?: unknown,
): CaxtonError {
  const { target } = context;
  const make = (ours: CaxtonError["code"], message: string, more: Record<string, number> = {}): CaxtonError =>
    new CaxtonError(ours, message, { cause, details: { natsCode: code, ...more } });
  switch (code) {
    case 10071:
    case 10164: {
      const last = /wrong last sequence: (\d+)/.exec(description)?.[1];
      return make(
        "wrong-sequence",
        `${target}: ${description}`,
        last === undefined ? {} : { lastSequence: Number(last) },
      );
    }
    case 10077:
      // One code for everything the store refuses; only the text tells.
      if (/maximum (bytes|messages)/.test(description)) {
        return make(
          "inbox-full",
          `the stream of ${target} is full (${description}); nothing was stored: wait until it is trimmed`,
        );
      }
      return make("bus-unavailable", `the server could not store ${target}: ${description}`);
    case 10054:
      return make("message-too-large", `${target}: larger than the stream's largest message (${description})`);
    case 10059:
      return make("stream-not-found", `there is no stream ${target}`);
    case 10014:
      return make("bus-unavailable", `the consumer of ${target} is gone`);
    case 10023:
    case 10028:
    case 10047:
      return make(
        "bus-unavailable",
        `the server has no room left for ${target}: ${description}. What streams may hold is set aside for them: give the server more (jetstream max_file_store), or new agents less (CAXTON_INBOX_MAX_BYTES, CAXTON_OUTCOME_MAX_BYTES)`,
      );
    case 10039:
      return make("bus-unavailable", `JetStream is not enabled for this account: ${description}`);
    default:
      return make(status === 503 ? "bus-unavailable" : "internal", `${target}: ${description} (${code})`);
  }
}

/** Errors after which the same call may well succeed later. */
export function isPassing(error: unknown): boolean {
  return error instanceof CaxtonError && (error.code === "bus-unavailable" || error.code === "timeout");
}

function isNoResponders(error: unknown): boolean {
  if (error instanceof errors.NoRespondersError) return true;
  return error instanceof errors.RequestError && error.isNoResponders();
}

function isUnavailable(error: unknown): boolean {
  return (
    error instanceof errors.ClosedConnectionError ||
    error instanceof errors.DrainingConnectionError ||
    error instanceof errors.ConnectionError ||
    error instanceof errors.RequestError ||
    error instanceof JetStreamError
  );
}
