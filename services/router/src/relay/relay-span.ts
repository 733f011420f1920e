import type { Outcome } from "@caxton/contracts/outcome";
import { parseTraceparent } from "@caxton/contracts/trace-context";
import { relaySpanId, routeSpanId } from "@caxton/contracts/trace-spans";
import type { SpanSink } from "@caxton/telemetry/span";
import type { Outgoing } from "./core/outgoing.ts";

/** Tells the span of an output once it is stored; those of a relay that dies in between are lost, the outputs are not. */
export function told<Stored>(
  spans: SpanSink | undefined,
  relayed: { readonly outcome: Outcome; readonly output: Outgoing },
  stored: Promise<Stored>,
): Promise<Stored> {
  if (spans === undefined || relayed.outcome.traceparent === undefined) return stored;
  return stored.then((there) => {
    tell(spans, relayed.outcome, relayed.output);
    return there;
  });
}

function tell(spans: SpanSink, outcome: Outcome, { index, id, output }: Outgoing): void {
  const context = parseTraceparent(outcome.traceparent);
  if (context === undefined || !context.sampled) return;
  const { agent, decidedAtMs } = outcome;
  spans.offer([
    {
      traceId: context.traceId,
      spanId: relaySpanId(outcome, index),
      parentSpanId: routeSpanId(outcome),
      name: "message.relay",
      startMs: decidedAtMs,
      endMs: Math.max(decidedAtMs, Date.now()),
      attributes: { agent_id: agent, output_id: id, kind: output.kind, to: output.to ?? "outbox" },
    },
  ]);
}
