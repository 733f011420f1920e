import type { AgentDescription } from "@caxton/contracts/agent-description";
import { proveSubset } from "./schema-subset.ts";
import { variationsOf } from "./schema-variations.ts";

/** A message to try on both versions. */
export interface Candidate {
  readonly id: string;
  readonly kind: string;
  readonly body: string;
}

export type Comparison =
  | { readonly proved: true }
  /** `candidates` may show that it is broken; if none does it stays unknown. */
  | { readonly proved: false; readonly why: string; readonly candidates: readonly Candidate[] };

const shownLength = 160;

/** Whether the structure of the schemas alone shows that all messages of the live version are still accepted. */
export function compareContracts(live: AgentDescription, next: AgentDescription): Comparison {
  const open = live.accepts.flatMap(({ kind, schema, examples }, index) => {
    const sameKind = next.accepts.find((accepted) => accepted.kind === kind);
    const proof = sameKind === undefined ? undefined : proveSubset(schema, sameKind.schema);
    const why =
      proof === undefined ? "is not accepted any more" : proof.proved ? undefined : `${proof.at}: ${proof.why}`;
    // A message that names no kind is of the first one that the agent accepts.
    const first = next.accepts[0];
    const moved =
      index === 0 && first !== undefined && first.kind !== kind && !proveSubset(schema, first.schema).proved;
    if (why === undefined && !moved) return [];
    const candidates = variationsOf(schema, examples).map((value) => candidate(kind, value));
    return [{ why: `kind '${kind}' ${why ?? "is not the first one any more"}`, candidates }];
  });
  if (open.length === 0) return { proved: true };
  return {
    proved: false,
    why: open.map(({ why }) => why).join("; "),
    candidates: open.flatMap(({ candidates }) => candidates),
  };
}

function candidate(kind: string, value: unknown): Candidate {
  const body = JSON.stringify(value);
  const shown = body.length > shownLength ? `${body.slice(0, shownLength)}…` : body;
  return { id: `kind '${kind}' ${shown}`, kind, body };
}
