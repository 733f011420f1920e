export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** A part of a deployment that has ended. Times are Unix ms. */
export interface Chapter {
  /** Tells it apart within its deployment; the same whoever tells. */
  readonly id: string;
  readonly name: string;
  /** The `id` of what it is a part of; the whole has none. */
  readonly parent?: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  /** Why it did not succeed. */
  readonly failure?: string;
}

/** One that has begun. */
export type OpenChapter = Omit<Chapter, "endMs" | "failure">;

/** What all others are parts of. */
export const wholeId = "deployment.create";

export function endOf(open: OpenChapter, endMs: number, failure?: string): Chapter {
  return { ...open, endMs: Math.max(open.startMs, endMs), ...(failure === undefined ? {} : { failure }) };
}

/** A part of the whole that there is once. */
export function partOf(name: string, startMs: number, attributes: Attributes = {}): OpenChapter {
  return { id: name, name, parent: wholeId, startMs, attributes };
}
