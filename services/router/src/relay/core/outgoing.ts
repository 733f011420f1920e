import type { Outcome, Output } from "@caxton/contracts/outcome";
import { header } from "@caxton/contracts/subjects";
import { outputTrace } from "@caxton/contracts/trace-spans";
import { positionText, type OutcomePlace } from "./position.ts";

/** An output with its place in the world. */
export interface Outgoing {
  readonly index: number;
  /** `<source>/<epoch>/<sequence>/<index>`. */
  readonly id: string;
  readonly output: Output;
  readonly headers: Readonly<Record<string, string>>;
}

/** The outputs of an outcome, stored at `at`, that go to `target`; to the outbox where that is undefined. */
export function outgoing(outcome: Outcome, at: OutcomePlace, target: string | undefined): Outgoing[] {
  const outputs: Outgoing[] = [];
  for (const [index, output] of outcome.outputs.entries()) {
    if (output.to !== target) continue;
    const id = `${outcome.agent}/${outcome.epoch}/${outcome.sequence}/${index}`;
    const headers: Record<string, string> = {
      [header.output]: id,
      [header.relayPosition]: positionText({ ...at, index }),
      [header.kind]: output.kind,
    };
    if (target !== undefined) headers[header.hops] = String(outcome.hops + 1);
    if (outcome.traceparent !== undefined) Object.assign(headers, outputTrace(outcome, index));
    outputs.push({ index, id, output, headers });
  }
  return outputs;
}

export function speaksToAgents(outcome: Outcome): boolean {
  return outcome.outputs.some(({ to }) => to !== undefined);
}

/** The agents that an outcome speaks to. */
export function targetsOf(outcome: Outcome): ReadonlySet<string> {
  return new Set(outcome.outputs.flatMap(({ to }) => (to === undefined ? [] : [to])));
}
