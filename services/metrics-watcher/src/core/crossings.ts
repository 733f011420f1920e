import type { Outcome } from "@caxton/contracts/outcome";

/** What became of a message with other versions than the one that it was meant for. */
export interface Crossing {
  /**
   * `overflow`: the version was full or away, so another was asked. `fallback`: it failed, and another handled the message.
   * `at-fault`: it failed and so did another, so that it was the message's fault.
   */
  readonly kind: "overflow" | "fallback" | "at-fault";
  readonly version: string;
}

const none: readonly Crossing[] = [];

/** Each crossing once, however often the message was tried. */
export function crossingsOf({ attempts, result }: Outcome): readonly Crossing[] {
  // Almost all of them: this is asked for every message.
  if (attempts.length < 2 && attempts[0]?.overflowedFrom === undefined) return none;
  const left = new Set(attempts.flatMap(({ overflowedFrom }) => overflowedFrom ?? []));
  const failed = new Set(attempts.filter((attempt) => attempt.result === "failed").map(({ version }) => version));
  const overflows = [...left].map((version): Crossing => ({ kind: "overflow", version }));
  if (result === "dead-lettered") {
    const [first, ...others] = failed;
    return first === undefined || others.length === 0
      ? overflows
      : [...overflows, { kind: "at-fault", version: first }];
  }
  const handledBy = attempts.at(-1)?.version;
  const fellBack = [...failed].filter((version) => version !== handledBy);
  return [...overflows, ...fellBack.map((version): Crossing => ({ kind: "fallback", version }))];
}
