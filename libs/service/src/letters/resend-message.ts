import { header } from "@caxton/contracts/subjects";

const reasonMaxCharacters = 500;
/** The server's own, and what belonged to the way that the message came by. A person who sends it again starts the hops anew. */
const dropped = new Set<string>([header.output, header.relayPosition, header.hops]);

export interface Repeat {
  readonly epoch: string;
  readonly sequence: number;
  readonly actor: string;
  readonly reason: string;
}

/** The headers of the new inbox message that repeats one with these. */
export function repeatHeaders(
  headers: Readonly<Record<string, string>>,
  { epoch, sequence, actor, reason }: Repeat,
): Record<string, string> {
  const kept = Object.entries(headers).filter(([name]) => !name.startsWith("Nats-") && !dropped.has(name));
  return {
    ...Object.fromEntries(kept),
    [header.repeats]: `${epoch}/${sequence}`,
    [header.repeatedBy]: oneLine(actor === "" ? "unknown" : actor),
    [header.repeatReason]: oneLine(reason),
  };
}

/** As a header can carry it. */
export function oneLine(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\s]+/gu, " ")
    .trim()
    .slice(0, reasonMaxCharacters);
}
