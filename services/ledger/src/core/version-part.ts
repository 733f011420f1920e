import type { VersionCount } from "@caxton/contracts/ledger";
import type { Outcome } from "@caxton/contracts/outcome";
import { type Failed, withFailure } from "./failures.ts";

export type Decided = Pick<Outcome, "sequence" | "result" | "version" | "decidedAtMs"> & {
  readonly attempts: readonly Outcome["attempts"][number][];
};

/** What one message was to one version: each count is 0 or 1. */
export type VersionPart = Required<Omit<VersionCount, "firstAtMs" | "lastAtMs" | "failures">> & {
  readonly atMs: number;
  /** The last time that it failed on it. */
  readonly failure?: Failed;
};

/** Every version that a message had to do with, and what it was to it. */
export function partsOf({ sequence, result, version: author, attempts, decidedAtMs }: Decided): readonly VersionPart[] {
  const asked = attempts.map(({ version }) => version);
  const passedBy = attempts.flatMap(({ overflowedFrom }) => overflowedFrom ?? []);
  const versions = new Set([...asked, ...passedBy, ...(author === undefined ? [] : [author])]);
  return [...versions].map((version): VersionPart => {
    const own = attempts.filter((attempt) => attempt.version === version);
    const others = attempts.filter((attempt) => attempt.version !== version);
    const failure = own.findLast((attempt) => attempt.result === "failed");
    const hasFailed = failure !== undefined;
    const nobodyCould = others.length > 0 && attempts.every((attempt) => attempt.result === "failed");
    const isFallback = hasFailed && result === "handled" && author !== version;
    return {
      version,
      handled: count(author === version && result === "handled"),
      deadLettered: count(author === version && result === "dead-lettered"),
      failed: count(hasFailed && !nobodyCould),
      fallbacks: count(isFallback),
      messageAtFault: count(nobodyCould && asked[0] === version),
      overflow: count(passedBy.includes(version)),
      atMs: decidedAtMs,
      ...(failure === undefined
        ? {}
        : { failure: { code: failure.code ?? "internal", reason: failure.reason ?? "", sequence } }),
    };
  });
}

export function addTo(known: VersionCount, part: VersionPart): VersionCount {
  const { failures = [] } = known;
  const why = part.failure === undefined ? failures : withFailure(failures, part.failure);
  return {
    version: known.version,
    handled: known.handled + part.handled,
    deadLettered: known.deadLettered + part.deadLettered,
    failed: (known.failed ?? 0) + part.failed,
    fallbacks: (known.fallbacks ?? 0) + part.fallbacks,
    messageAtFault: (known.messageAtFault ?? 0) + part.messageAtFault,
    overflow: (known.overflow ?? 0) + part.overflow,
    ...(why.length === 0 ? {} : { failures: why }),
    firstAtMs: Math.min(known.firstAtMs, part.atMs),
    lastAtMs: Math.max(known.lastAtMs, part.atMs),
  };
}

export function zeroCount({ version, atMs }: VersionPart): VersionCount {
  return { version, handled: 0, deadLettered: 0, firstAtMs: atMs, lastAtMs: atMs };
}

function count(is: boolean): 0 | 1 {
  return is ? 1 : 0;
}
