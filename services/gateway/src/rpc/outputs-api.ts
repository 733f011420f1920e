import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { StoredMessage } from "@caxton/bus/types";
import { CaxtonError } from "@caxton/contracts/errors";
import type { AgentMessages, AgentOutputSchema } from "@caxton/contracts/gen/caxton/v1/messages_pb.js";
import { isSubjectToken } from "@caxton/contracts/names";
import { header, outboxSubject } from "@caxton/contracts/subjects";
import type { ServiceImpl } from "@connectrpc/connect";
import { readOutputs } from "../agent-outputs.ts";
import { resolveAgent } from "../core/resolve-id.ts";
import type { ApiContext } from "./api-context.ts";

const limits = { unlessGiven: 10, max: 100_000 };

export type OutputsApi = Pick<ServiceImpl<typeof AgentMessages>, "readOutputs">;

/** What agents put into their outboxes. */
export function outputsApi({ bus, projection }: ApiContext): OutputsApi {
  return {
    async *readOutputs({ agent: typed, kind, limit, follow, afterPosition }, { signal }) {
      const { agent } = resolveAgent(projection.views(), typed);
      const range = {
        agent,
        limit: limitOf(limit),
        follow,
        ...(kind === "" ? {} : { kind: requireKind(kind) }),
        ...(afterPosition === undefined ? {} : { afterPosition }),
      };
      for await (const message of readOutputs(bus, range, signal)) yield outputMessage(agent, message);
    },
  };
}

/** @throws CaxtonError `invalid-argument` */
function requireKind(kind: string): string {
  if (isSubjectToken(kind)) return kind;
  throw new CaxtonError("invalid-argument", `'${kind.slice(0, 80)}' is no kind: 1 to 64 of A-Z, a-z, 0-9, '-' and '_'`);
}

/** @throws CaxtonError `invalid-argument` */
function limitOf(limit: number = limits.unlessGiven): number {
  if (limit >= 0 && limit <= limits.max) return limit;
  throw new CaxtonError("invalid-argument", `limit is ${limit}; it takes 0 to ${limits.max} outputs`);
}

function outputMessage(
  agent: string,
  { subject, sequence: position, storedAtMs, data, headers }: StoredMessage,
): MessageInitShape<typeof AgentOutputSchema> {
  const [, epoch = "", sequence = 0, index = 0] = (headers[header.output] ?? "").split("/");
  return {
    position,
    agent,
    kind: subject.slice(outboxSubject(agent, "").length),
    body: new TextDecoder().decode(data),
    storedAt: timestampFromMs(storedAtMs),
    epoch,
    sequence: Number(sequence),
    index: Number(index),
  };
}
