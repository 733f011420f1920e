import type { Finding } from "@caxton/contracts/validation";

/** A message that the live version accepts and the new one refuses. */
export interface Refused {
  /** Names it for people: `message 4711 of the inbox`. */
  readonly label: string;
  readonly problem: string;
}

const listed = 5;

/** One finding for all of them: an error, or a warning where somebody wants the change and says why. */
export function breakingFindings(
  refused: readonly Refused[],
  version: string,
  allowBreaking: string | undefined,
): Finding[] {
  if (refused.length === 0) return [];
  const some = refused.slice(0, listed).map(({ label, problem }) => `${label} (${problem})`);
  const more = refused.length > listed ? `; and ${refused.length - listed} more` : "";
  const what = `live version ${version} accepts what this one refuses: ${some.join("; ")}${more}`;
  return allowBreaking === undefined
    ? [{ severity: "error", code: "breaking-change", message: `${what}; accept it, or allow the break with a reason` }]
    : [{ severity: "warning", code: "breaking-change", message: `${what}; allowed because: ${allowBreaking}` }];
}
