import type { EventMetadata } from "@caxton/contracts/event-envelope";
import type { SentTrace } from "@caxton/contracts/trace-context";
import type { Command } from "@caxton/deployment/command";
import type { AgentView } from "./agent-view.ts";

export interface Sent extends SentTrace {
  readonly reason?: string;
}

/**
 * Who and why for the events of one decision: a request begins a story of its own, a report continues the story of the
 * deployment it is about.
 */
export function eventMetadata(command: Command, view: AgentView, sent: Sent): EventMetadata {
  const about = "deployment" in command ? command.deployment : view.state.rollout;
  const origin = about === undefined ? undefined : view.provenance[about];
  const { traceparent, tracestate } = sent.traceparent === undefined ? (origin ?? {}) : sent;
  return {
    actor: command.actor,
    commandId: command.commandId,
    causationId: origin?.lastEventId ?? command.commandId,
    correlationId: origin?.correlationId ?? command.commandId,
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(tracestate === undefined ? {} : { tracestate }),
    ...(sent.reason === undefined ? {} : { reason: sent.reason }),
  };
}
