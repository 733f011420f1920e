import { CaxtonError, toCaxtonError } from "@caxton/contracts/errors";
import {
  AccessDeniedError,
  CancelledError,
  DeadlineExceededError,
  MaxAppendSizeExceededError,
  NoStreamError,
  NotLeaderError,
  StreamDeletedError,
  StreamNotFoundError,
  TimeoutError,
  UnavailableError,
  WrongExpectedVersionError,
} from "@kurrent/kurrentdb-client";

/** An own deadline that ran out; the client's does not hold against a frozen server. */
export class NoAnswer extends Error {}

/** gRPC's cancelled, internal, unavailable and data loss: after these the client itself connects again. */
const reconnectingCodes: readonly unknown[] = [1, 13, 14, 15];
/** And deadline exceeded and aborted: the server did not get to answer. */
const awayCodes: readonly unknown[] = [...reconnectingCodes, 4, 10];
const awayErrors = [
  UnavailableError,
  DeadlineExceededError,
  CancelledError,
  TimeoutError,
  NotLeaderError,
  NoAnswer,
] as const;

/** Errors after which nobody knows what became of a write: the client's own, with a code or without, and raw ones of gRPC. */
export function isAway(error: unknown): boolean {
  if (awayErrors.some((kind) => error instanceof kind)) return true;
  if (!(error instanceof Error)) return false;
  if ("code" in error && awayCodes.includes(error.code)) return true;
  // The client closes its channel under the calls that still wait on it, and finds no node of a cluster.
  return /channel (has been|is) (closed|shut ?down)|failed to discover/i.test(error.message);
}

/** After anything else the client may go on as it is for ever, also when the server is back. */
export function makesClientReconnect(error: unknown): boolean {
  if (error instanceof UnavailableError || error instanceof CancelledError || error instanceof NotLeaderError)
    return true;
  return error instanceof Error && "code" in error && reconnectingCodes.includes(error.code);
}

/** What a server says that understood and refused: the connection is as good as any. */
export function isRefusal(error: unknown): boolean {
  return (
    error instanceof WrongExpectedVersionError ||
    error instanceof MaxAppendSizeExceededError ||
    error instanceof AccessDeniedError ||
    isNotThere(error)
  );
}

export const isNotThere = (error: unknown): boolean =>
  error instanceof StreamNotFoundError || error instanceof NoStreamError || error instanceof StreamDeletedError;

/** The revision that the server found, -1 for none; `undefined` where it did not say. */
export function actualRevision(error: WrongExpectedVersionError): number | undefined {
  if (typeof error.actualState === "bigint") return Number(error.actualState);
  return error.actualState === "no_stream" ? -1 : undefined;
}

/** What the client says, in the words of the port. Its `name` is always "Error" and its message often empty. */
export function toStoreError(error: unknown, where: string): CaxtonError {
  if (error instanceof CaxtonError) return error;
  const said = describe(error);
  if (isAway(error)) {
    return new CaxtonError(
      "store-unavailable",
      `${where} does not answer: ${said}; retry with the same ids and revision`,
      {
        cause: error,
      },
    );
  }
  if (error instanceof StreamDeletedError) {
    const message = `stream ${error.streamName} was deleted for good (a tombstone): nothing can be stored under that name`;
    return new CaxtonError("stream-not-found", message, { cause: error });
  }
  if (isNotThere(error))
    return new CaxtonError("stream-not-found", `there is no such stream: ${said}`, { cause: error });
  if (error instanceof MaxAppendSizeExceededError) {
    const maxBytes = error.maxAppendSize;
    return new CaxtonError(
      "append-too-large",
      `an append exceeds ${maxBytes} bytes: split it or keep large data elsewhere`,
      {
        cause: error,
        details: { maxBytes },
      },
    );
  }
  if (error instanceof AccessDeniedError) {
    const message = `${where} refuses us: check user and password in CAXTON_EVENT_STORE`;
    return new CaxtonError("store-unavailable", message, { cause: error });
  }
  return new CaxtonError("internal", `${where}: ${said}`, { cause: error });
}

function describe(error: unknown): string {
  const type = error instanceof Error && "type" in error ? String(error.type) : "";
  return [type, toCaxtonError(error).message].filter((text) => text !== "").join(": ");
}
