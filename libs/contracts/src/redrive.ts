import type { RedriveTally as DomainTally } from "@caxton/deployment/redrive";
import type { Outcome } from "./outcome.ts";
import { checker } from "./schema.ts";
import Type, { type Static } from "./type.ts";

const Count = Type.Integer({ minimum: 0 });

export const RedriveTally = Type.Object({ redriven: Count, already: Count, gone: Count, unknown: Count, unfit: Count });

export const emptyTally: DomainTally = { redriven: 0, already: 0, gone: 0, unknown: 0, unfit: 0 };

export function addTallies(one: DomainTally, other: DomainTally): Static<typeof RedriveTally> {
  return {
    redriven: one.redriven + other.redriven,
    already: one.already + other.already,
    gone: one.gone + other.gone,
    unknown: one.unknown + other.unknown,
    unfit: one.unfit + other.unfit,
  };
}

/**
 * Bucket `caxton-redrives`, key `<agent>.<deployment>`: how far the redrives of a deployment have come. Written before
 * messages are sent (`batch`) and after, compare-and-set, so that whoever goes on knows what may have been sent already.
 */
export const RedriveRecord = Type.Object({
  number: Type.Integer({ minimum: 1, description: "The redrive that wrote it; the tally is its." }),
  outcomeEpochMs: Type.Number({ description: "When the stream of outcomes was made that positions are of." }),
  handledTo: Type.Integer({ minimum: 0, description: "Messages handled are done up to this position." }),
  failedTo: Type.Integer({ minimum: 0, description: "Dead letters are." }),
  batch: Type.Optional(
    Type.Object({
      to: Type.Integer({ minimum: 1, description: "What lies behind the positions above up to here is being sent." }),
      toEpoch: Type.String({ description: "Into this life of the inbox, whose last sequence was this just before." }),
      beyond: Count,
    }),
  ),
  tally: RedriveTally,
  waiting: Type.Optional(Type.String({ description: "What it waits for now, in words." })),
  atMs: Type.Number(),
});
export type RedriveRecord = Static<typeof RedriveRecord>;
export const redriveRecord = checker("redrive record", RedriveRecord);

/** What a version came to with a message that is its own to answer for; what another version handled is done. */
export function redrivableResult(
  { version, result }: Pick<Outcome, "version" | "result">,
  of: string,
): Outcome["result"] | undefined {
  return version === of ? result : undefined;
}
