import { maxHops } from "@caxton/contracts/limits";
import type { Hold, Retention, StreamRetention } from "@caxton/contracts/retention";
import { spanText } from "@caxton/contracts/span-text";
import { bytes, thousands } from "./quantity.ts";
import type { Style } from "./style.ts";
import { table } from "./table.ts";

const heads = ["KEPT", "MESSAGES", "FROM", "TO", "OLDEST", "BYTES", "AT MOST", "EACH AT MOST"];
/** These hold what is old up; the others only tell how long it stays. */
const holdsUp: readonly Hold["kind"][] = ["undecided", "lane", "not-counted", "unreadable", "account", "consumer"];

/** What of an agent is kept on the bus, and why. */
export function retentionLines(retention: Retention, style: Style): readonly string[] {
  const { inbox, outcomes, outbox, unexplained, asOfMs } = retention;
  const streams = Object.entries({ inbox, outcomes, outbox }).flatMap(([name, stream]) =>
    stream === undefined ? [] : [{ name, stream }],
  );
  if (streams.length === 0) return ["Nothing is kept: it has no inbox yet"];
  return [
    ...table(
      heads,
      streams.map(({ name, stream }) => row(name, stream, asOfMs)),
      heads.slice(1),
    ),
    "",
    ...(unexplained === undefined ? [] : [`${style.bad("!")} Why is not known: ${unexplained.message}`]),
    ...streams.flatMap(({ name, stream }) => why(name, stream, style)),
  ];
}

/** `1.0 GiB in all, 256.0 KiB a message, at most 16 agents on the way` */
export function inboxTakes({ inbox }: Retention): string {
  if (inbox === undefined) return "nothing yet: it is made with the agent's first version";
  return `${limit(inbox)} in all, ${bytes(inbox.maxMessageBytes)} a message, at most ${maxHops} agents on the way`;
}

function row(name: string, stream: StreamRetention, nowMs: number): readonly string[] {
  const { messages, firstSequence, lastSequence, firstStoredAtMs } = stream;
  return [
    name,
    thousands(messages),
    messages === 0 ? "-" : thousands(firstSequence),
    messages === 0 ? "-" : thousands(lastSequence),
    firstStoredAtMs === undefined ? "-" : spanText(nowMs - firstStoredAtMs),
    bytes(stream.bytes),
    limit(stream),
    bytes(stream.maxMessageBytes),
  ];
}

function limit({ maxBytes, maxMessages }: StreamRetention): string {
  const limits = [
    ...(maxBytes < 0 ? [] : [bytes(maxBytes)]),
    ...(maxMessages === undefined ? [] : [`${thousands(maxMessages)} messages`]),
  ];
  return limits.length === 0 ? "no limit" : limits.join(", ");
}

function why(name: string, { kept, messages }: StreamRetention, style: Style): readonly string[] {
  if (kept === undefined || messages === 0) return [];
  return kept.holds.map(({ kind, message }) => {
    const mark = holdsUp.includes(kind) ? style.bad("!") : " ";
    return `${mark} ${name}: ${message}`;
  });
}
