import { randomUUID } from "node:crypto";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { CommandContext } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";

export interface CommandEnvelope {
  readonly id: string;
  readonly actor?: string;
  readonly reason?: string;
  readonly expiresAt?: string;
  readonly traceparent?: string;
}

/** What every command carries besides its body; unset fields of the wire are empty text. */
export function commandEnvelope(context: CommandContext | undefined): CommandEnvelope {
  const { commandId = "", actor = "", reason = "", traceparent = "", expiresAt } = context ?? {};
  return {
    id: commandId === "" ? randomUUID() : commandId,
    ...(actor === "" ? {} : { actor }),
    ...(reason === "" ? {} : { reason }),
    ...(traceparent === "" ? {} : { traceparent }),
    ...(expiresAt === undefined ? {} : { expiresAt: timestampDate(expiresAt).toISOString() }),
  };
}
