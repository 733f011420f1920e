import type { Tally } from "../messages/tally.ts";
import { thousands } from "./quantity.ts";
import type { Style } from "./style.ts";

/** What became of the messages that were sent. */
export function tallyLines(tally: Tally, style: Style): readonly string[] {
  const { accepted, duplicates, refused, firstRefused, firstSequence = 0, lastSequence = 0 } = tally;
  if (accepted === 0 && refused === 0) return ["Nothing was sent: the input has no message."];
  const range =
    firstSequence === lastSequence
      ? `sequence ${thousands(firstSequence)}`
      : `sequences ${thousands(firstSequence)} to ${thousands(lastSequence)}`;
  const known = duplicates === 0 ? "" : `, ${thousands(duplicates)} of them were there already`;
  return [
    ...(accepted === 0 ? [] : [`${style.good("✓")} ${messages(accepted)} accepted (${range})${known}`]),
    ...(firstRefused === undefined
      ? []
      : [`${style.bad("✗")} ${messages(refused)} refused, the first at ${firstRefused.place}: ${firstRefused.code}`]),
  ];
}

export function tallyValue(tally: Tally): Record<string, unknown> {
  const { accepted, duplicates, refused, firstRefused, firstSequence, lastSequence } = tally;
  return {
    accepted,
    duplicates,
    refused,
    ...(firstSequence === undefined ? {} : { firstSequence }),
    ...(lastSequence === undefined ? {} : { lastSequence }),
    ...(firstRefused === undefined ? {} : { firstRefused: { ...firstRefused } }),
  };
}

function messages(count: number): string {
  return count === 1 ? "1 message" : `${thousands(count)} messages`;
}
