import { parseTraceparent, type SentTrace, spanIdOf, traceIdOf, traceparentOf } from "./trace-context.ts";

/** Where a message lies for as long as its inbox lives. */
interface MessagePlace {
  readonly agent: string;
  readonly epoch: string;
  readonly sequence: number;
}

/** `message.route`: from a message's arrival to its decision. */
export function routeSpanId({ agent, epoch, sequence }: MessagePlace): string {
  return spanIdOf(agent, epoch, sequence);
}

/** `message.relay`: from the decision until the output with this index is stored. */
export function relaySpanId({ agent, epoch, sequence }: MessagePlace, index: number): string {
  return spanIdOf(agent, epoch, sequence, "relay", index);
}

/** `deployment.create`, the root of what a deployment does. */
export function deploymentSpanId(deployment: string): string {
  return spanIdOf(deployment, "deployment.create");
}

/** What an output's headers say: a child of what its message came with. */
export function outputTrace(outcome: MessagePlace & SentTrace, index: number): SentTrace {
  const context = parseTraceparent(outcome.traceparent);
  if (context === undefined) return {};
  const traceparent = traceparentOf({ ...context, spanId: relaySpanId(outcome, index) });
  return { traceparent, ...(outcome.tracestate === undefined ? {} : { tracestate: outcome.tracestate }) };
}

/**
 * The trace of a message that came without one: for about `share` (0–1) of all ids, the same ones whoever asks. It names the
 * message's own first span, which thereby has no parent.
 */
export function ownMessageTrace(message: MessagePlace & { readonly messageId: string }, share: number): SentTrace {
  if (share <= 0) return {};
  const drawn = Number.parseInt(traceIdOf(message.messageId).slice(0, 8), 16) / 2 ** 32;
  if (drawn >= share) return {};
  const { agent, epoch, sequence } = message;
  const traceId = traceIdOf("trace", agent, epoch, sequence);
  return { traceparent: traceparentOf({ traceId, spanId: routeSpanId(message), sampled: true }) };
}

/** The trace of a deployment whose command came without one: named by the command's id, and by the deployment's own first span. */
export function ownDeploymentTrace(commandId: string, deployment: string): SentTrace {
  const traceId = commandId.replaceAll("-", "").toLowerCase();
  const traceparent = traceparentOf({ traceId, spanId: deploymentSpanId(deployment), sampled: true });
  return parseTraceparent(traceparent) === undefined ? {} : { traceparent };
}
