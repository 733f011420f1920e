import Type, { type Static } from "./type.ts";
import { checker } from "./schema.ts";

/** Who bears no more now, why, and the place in its line. */
export const Busy = Type.Object({
  who: Type.String({ description: "The validator or agent-host." }),
  place: Type.Integer({ minimum: 1 }),
  waiting: Type.Integer({ minimum: 1, description: "How many stand in that line." }),
  reason: Type.String({ description: "What it bears at most, and what it has." }),
});
export type Busy = Static<typeof Busy>;
export const busy = checker("word of somebody busy", Busy);

/** A place in a line is given up by who does not ask again for so long, in ms. */
export const placeKeptMs = 5_000;
