/** Something about a text that a person wrote, and where it stands. */
export interface Problem {
  /** A warning is read all the same. */
  readonly severity: "error" | "warning";
  /** `not-implemented` where it is right and not served yet. */
  readonly code: "invalid-deployment-file" | "not-implemented";
  /** Both count from 1. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** What may stand there, where that is a list. */
  readonly allowed: readonly string[];
  /** What was meant, as far as one can guess. */
  readonly nearest?: string;
}

/** What is wrong with a piece of text that stands somewhere else; `offset` counts its characters from 0. */
export interface Fault {
  readonly offset: number;
  readonly message: string;
  readonly allowed?: readonly string[];
  readonly nearest?: string;
}

/** How the readers of small texts leave off: whoever called them knows where the text stands. */
export class TextFault extends Error implements Fault {
  readonly offset: number;
  readonly allowed: readonly string[];
  declare readonly nearest?: string;

  constructor(offset: number, message: string, allowed: readonly string[] = [], nearest?: string) {
    super(message);
    this.offset = offset;
    this.allowed = allowed;
    if (nearest !== undefined) this.nearest = nearest;
  }
}

/** `'eror_rate' is no metric: error_rate, timeout_rate; did you mean error_rate?` */
export function faultText({ message, allowed = [], nearest }: Omit<Fault, "offset">): string {
  const list = allowed.length === 0 ? "" : `: ${allowed.join(", ")}`;
  return `${message}${list}${nearest === undefined ? "" : `; did you mean ${nearest}?`}`;
}

/** `2:4: 'canry' is no strategy: direct, canary; did you mean canary?`, one after the other. */
export function problemsText(problems: readonly Problem[]): string {
  return problems.map((problem) => `${problem.line}:${problem.column}: ${faultText(problem)}`).join("\n");
}
