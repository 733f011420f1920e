import Type, { type Static } from "./type.ts";
import { envelope } from "./command-message.ts";
import { checker } from "./schema.ts";

const { reason: _reason, ...others } = envelope;
const reason = Type.String({ minLength: 1, maxLength: 1000, description: "Why; everybody who is refused is told." });

export const FreezeCommand = Type.Object(
  {
    ...others,
    reason,
    until: Type.Optional(
      Type.String({ format: "date-time", description: "When it is over by itself; when it is lifted unless given." }),
    ),
  },
  { additionalProperties: false },
);
export type FreezeCommand = Static<typeof FreezeCommand>;

export const UnfreezeCommand = Type.Object({ ...envelope }, { additionalProperties: false });
export type UnfreezeCommand = Static<typeof UnfreezeCommand>;

export const freezeCommand = checker("freeze command", FreezeCommand, "invalid-command");
export const unfreezeCommand = checker("unfreeze command", UnfreezeCommand, "invalid-command");
