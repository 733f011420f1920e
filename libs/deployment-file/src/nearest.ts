import { distance } from "fastest-levenshtein";

/** The word that was probably meant: not more than a third of it is different. */
export function nearest(written: string, words: readonly string[]): string | undefined {
  const said = written.toLowerCase();
  const [first] = words
    .map((word) => ({ word, edits: distance(said, word) }))
    .filter(({ word, edits }) => edits <= Math.max(1, Math.floor(word.length / 3)))
    .toSorted((a, b) => a.edits - b.edits);
  return first?.word;
}
