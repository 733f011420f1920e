import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { CaxtonError } from "@caxton/contracts/errors";
import type { CommandEntrySchema, Operations } from "@caxton/contracts/gen/caxton/v1/operations_pb.js";
import type { ServiceImpl } from "@connectrpc/connect";
import { listCommands } from "../command-list.ts";
import type { CommandEntry } from "../core/command-entry.ts";
import type { ApiContext } from "./api-context.ts";

const limits = { unlessGiven: 50, max: 10_000 };

export function commandsListApi({ bus }: ApiContext): Pick<ServiceImpl<typeof Operations>, "listCommands"> {
  return {
    async *listCommands(request, { signal }) {
      const { agent, principal, refused, follow, afterPosition } = request;
      const range = { filter: { agent, principal, refused }, follow, limit: limitOf(request.limit) };
      const after = afterPosition === undefined ? {} : { afterPosition };
      for await (const entry of listCommands(bus, { ...range, ...after }, signal)) yield entryMessage(entry);
    },
  };
}

/** @throws CaxtonError `invalid-argument` */
function limitOf(limit: number = limits.unlessGiven): number {
  if (limit >= 0 && limit <= limits.max) return limit;
  throw new CaxtonError("invalid-argument", `limit is ${limit}; it takes 0 to ${limits.max} commands`);
}

function entryMessage(entry: CommandEntry): MessageInitShape<typeof CommandEntrySchema> {
  const { id, principal, agent, verb, position, sequence = 0, answer, receivedAtMs, answeredAtMs } = entry;
  return {
    id,
    principal,
    agent,
    verb,
    position,
    sequence,
    ...(receivedAtMs === undefined ? {} : { receivedAt: timestampFromMs(receivedAtMs) }),
    ...(answeredAtMs === undefined ? {} : { answeredAt: timestampFromMs(answeredAtMs) }),
    actor: answer?.actor ?? "",
    repeated: answer?.repeated ?? 0,
    differed: answer?.differed === true,
    ...outcome(answer),
  };
}

function outcome(answer: CommandEntry["answer"]): MessageInitShape<typeof CommandEntrySchema> {
  if (answer === undefined) return { result: "waiting" };
  if (answer.ok) {
    const { deployment = "", state = "" } = answer;
    return { result: "accepted", deploymentId: deployment, deploymentState: state };
  }
  return { result: "refused", errorCode: answer.error.code, errorMessage: answer.error.message };
}
