import Type, { type Static } from "./type.ts";
import { checker } from "./schema.ts";

/** Most components in one request. */
export const codeRemovalMax = 256;

/**
 * On `caxton.removal`, from a service that is about to remove what it prepared of components that nobody used for long: it is
 * put on record before anything goes.
 */
export const CodeRemovalRequest = Type.Object({
  /** The machine. */
  place: Type.String({ minLength: 1 }),
  components: Type.Array(Type.Object({ digest: Type.String(), sizeBytes: Type.Integer({ minimum: 0 }) }), {
    maxItems: codeRemovalMax,
  }),
});
export type CodeRemovalRequest = Static<typeof CodeRemovalRequest>;

/** Which of them a deployment needs after all, and must stay. */
export const CodeRemovalAnswer = Type.Object({ keep: Type.Array(Type.String()) });
export type CodeRemovalAnswer = Static<typeof CodeRemovalAnswer>;

export const codeRemovalRequest = checker("code removal", CodeRemovalRequest);
export const codeRemovalAnswer = checker("answer to a code removal", CodeRemovalAnswer);
