import { CaxtonError } from "@caxton/contracts/errors";
import type { Position } from "@kurrent/kurrentdb-client";

/** Where to go on: a place in $all, or an event of a stream whose place in $all the server did not tell. */
export type Place = { readonly all: Position } | { readonly stream: string; readonly revision: bigint };

/** The server's way of saying "no position", which it does in reads of one stream. */
const noPosition = 2n ** 63n;

/** As text, since bigint has no place in JSON; where $all's own is missing it names the event itself. */
export function formatPlace(position: Position | undefined, stream: string, revision: bigint): string {
  if (position === undefined || position.commit >= noPosition || position.prepare >= noPosition)
    return `${stream}@${revision}`;
  return `${position.commit}:${position.prepare}`;
}

/** @throws CaxtonError `invalid-argument` for what no store of ours ever gave out */
export function parsePlace(value: string): Place {
  const [, commit, prepare] = /^(\d{1,19}):(\d{1,19})$/.exec(value) ?? [];
  if (commit !== undefined && prepare !== undefined)
    return { all: { commit: BigInt(commit), prepare: BigInt(prepare) } };
  const [, stream, revision] = /^([\w-]{1,200})@(\d{1,16})$/.exec(value) ?? [];
  if (stream !== undefined && revision !== undefined) return { stream, revision: BigInt(revision) };
  throw new CaxtonError("invalid-argument", `'${value.slice(0, 80)}' is no position: use one that an event came with`);
}

export function isAfter(one: Position, other: Position): boolean {
  return one.commit === other.commit ? one.prepare > other.prepare : one.commit > other.commit;
}
