import type { Bus } from "@caxton/bus/types";
import { hasCode } from "@caxton/contracts/errors";
import { header, inboxStream } from "@caxton/contracts/subjects";

interface Range {
  /** Looked at behind this sequence. */
  readonly unlessAfter: number;
  readonly signal: AbortSignal;
}

/** Which of these messages stand in the inbox already, by their ids. It is read without bodies. @throws CaxtonError `bus-unavailable` */
export async function sequencesById(
  bus: Bus,
  agent: string,
  messages: readonly { readonly id: string }[],
  { unlessAfter, signal }: Range,
): Promise<ReadonlyMap<string, number>> {
  const wanted = new Set(messages.map(({ id }) => id).filter((id) => id !== ""));
  const found = new Map<string, number>();
  if (wanted.size === 0) return found;
  const range = { fromSequence: Math.trunc(unlessAfter) + 1, headersOnly: true, signal };
  try {
    for await (const { headers, sequence } of bus.streams.read(inboxStream(agent), range)) {
      const id = headers[header.messageId];
      if (id !== undefined && wanted.has(id)) found.set(id, sequence);
    }
  } catch (error) {
    // Whoever stores there is told so.
    if (!hasCode(error, "stream-not-found")) throw error;
  }
  return found;
}
