import { CaxtonError, type ErrorCode } from "@caxton/contracts/errors";
import { inboxMessageMaxBytes } from "@caxton/contracts/limits";
import type { SourceMessage } from "./read-messages.ts";

export interface Refused {
  readonly place: string;
  readonly code: ErrorCode;
  readonly message: string;
}

/** What became of the messages of one `send`. */
export class Tally {
  accepted = 0;
  duplicates = 0;
  refused = 0;
  firstRefused: Refused | undefined;
  firstSequence: number | undefined;
  lastSequence: number | undefined;

  accept(sequence: number, duplicate: boolean): void {
    this.accepted += 1;
    if (duplicate) this.duplicates += 1;
    this.firstSequence = Math.min(sequence, this.firstSequence ?? sequence);
    this.lastSequence = Math.max(sequence, this.lastSequence ?? sequence);
  }

  refuse(refused: Refused): void {
    this.refused += 1;
    this.firstRefused ??= refused;
  }

  /** The first refusal as the error of the whole, or undefined. */
  get error(): CaxtonError | undefined {
    if (this.firstRefused === undefined) return undefined;
    const { place, code, message } = this.firstRefused;
    const many = this.refused === 1 ? "1 message was refused" : `${this.refused} messages were refused, the first`;
    return new CaxtonError(code, `${many} at ${place}: ${message}`, { details: { place, refused: this.refused } });
  }
}

/** What the inbox or the agent would refuse anyway; undefined where there is nothing against it. */
export function objection({ place, body }: Pick<SourceMessage, "place" | "body">, raw: boolean): Refused | undefined {
  const bytes = Buffer.byteLength(body);
  if (bytes > inboxMessageMaxBytes) {
    const message = `it has ${bytes} bytes, at most ${inboxMessageMaxBytes} are accepted`;
    return { place, code: "message-too-large", message };
  }
  if (raw) return undefined;
  try {
    JSON.parse(body);
    return undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return {
      place,
      code: "message-invalid",
      message: `it is not JSON (${why}); --whole takes the whole input for one message, --raw sends it all the same`,
    };
  }
}
