import type { AgentDescription } from "@caxton/contracts/agent-description";
import type { Finding } from "@caxton/contracts/validation";
import { errorFinding } from "./findings.ts";

/** An example as a message. */
export interface Example {
  readonly id: string;
  readonly kind: string;
  readonly body: string;
  /** Names it for people: `example 0 of 'event'`. */
  readonly label: string;
}

export function examplesOf(description: AgentDescription): Example[] {
  return description.accepts.flatMap(({ kind, examples }) =>
    examples.map((example, index) => ({
      id: `example/${kind}/${index}`,
      kind,
      body: JSON.stringify(example),
      label: `example ${index} of '${kind}'`,
    })),
  );
}

/** How handling an example went, as far as a verdict needs to know. */
export interface ExampleResult {
  /** `handled`, or the code of the failure; `unfinished` where the time was over before its turn. */
  readonly result: string;
  readonly reason: string;
  readonly latencyMs: number;
  readonly outputBytes: number;
}

/** What is wrong with an agent that answers its own example so; undefined where it is handled. */
export function judgeExample(label: string, { result, reason }: ExampleResult): Finding | undefined {
  switch (result) {
    case "handled":
      return undefined;
    case "unfinished":
      return errorFinding("validation-timeout", `there was no time left to try ${label}`);
    case "output-undeclared":
      return errorFinding("output-undeclared", `handle() on ${label} broke what the description says: ${reason}`);
    case "output-too-large":
      return errorFinding("output-too-large", `handle() on ${label}: ${reason}`);
    case "agent-trap":
      return errorFinding("example-failed", `handle() trapped on ${label}: ${reason}`);
    case "agent-failure":
      return errorFinding("example-failed", `handle() refused ${label}: ${reason}`);
    default:
      return errorFinding("example-failed", `handle() failed on ${label}: ${reason}`);
  }
}
