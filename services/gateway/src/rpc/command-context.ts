import { randomUUID } from "node:crypto";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { parseTraceparent, sentTrace, type SentTrace } from "@caxton/contracts/trace-context";
import { header } from "@caxton/contracts/subjects";
import type { CommandContext } from "@caxton/contracts/gen/caxton/v1/deployment_commands_pb.js";

export interface CommandEnvelope extends SentTrace {
  readonly id: string;
  readonly actor?: string;
  readonly reason?: string;
  readonly expiresAt?: string;
}

/** What every command carries besides its body; unset fields of the wire are empty text. Its trace is the body's, else the call's. */
export function commandEnvelope(context: CommandContext | undefined, call: Headers): CommandEnvelope {
  const { commandId = "", actor = "", reason = "", traceparent = "", expiresAt } = context ?? {};
  return {
    id: commandId === "" ? randomUUID() : commandId,
    ...(actor === "" ? {} : { actor }),
    ...(reason === "" ? {} : { reason }),
    ...(parseTraceparent(traceparent) === undefined ? traceOf(call) : sentTrace({ traceparent })),
    ...(expiresAt === undefined ? {} : { expiresAt: timestampDate(expiresAt).toISOString() }),
  };
}

function traceOf(call: Headers): SentTrace {
  const field = (name: string): string | undefined => call.get(name) ?? undefined;
  return sentTrace({ traceparent: field(header.traceparent), tracestate: field(header.tracestate) });
}
