import { CaxtonError, hasCode, toCaxtonError } from "@caxton/contracts/errors";

/** Errors of the bus after which nobody knows what became of a write. */
export function isAway(error: unknown): boolean {
  return hasCode(error, "bus-unavailable", "timeout");
}

/** What the bus says, in the words of the event store's port. */
export function toStoreError(error: unknown): CaxtonError {
  const known = toCaxtonError(error);
  if (isAway(known) || known.code === "unknown-agent" || known.code === "inbox-full") {
    return new CaxtonError(
      "store-unavailable",
      `the event store does not answer: ${known.message}; retry with the same ids and revision`,
      {
        cause: error,
        details: known.details,
      },
    );
  }
  if (known.code === "message-too-large") {
    return new CaxtonError("append-too-large", known.message, { cause: error, details: known.details });
  }
  return known;
}
