import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { isLogLevel, type LogLevel, logLevels } from "@caxton/contracts/agent-log";
import { CaxtonError } from "@caxton/contracts/errors";
import type { LogEntrySchema, Operations } from "@caxton/contracts/gen/caxton/v1/operations_pb.js";
import type { ServiceImpl } from "@connectrpc/connect";
import { readLogs } from "../agent-logs.ts";
import type { LogEntry } from "../core/log-filter.ts";
import { resolveAgent } from "../core/resolve-id.ts";
import { toJsonObject } from "../json-object.ts";
import { diagnose } from "../operations/diagnose.ts";
import { readRetention } from "../operations/retention.ts";
import { readSystem, statusOf } from "../operations/status.ts";
import type { ApiContext } from "./api-context.ts";
import { commandsListApi } from "./commands-list-api.ts";

const logLimit = { unlessGiven: 100, max: 100_000 };

export function operationsApi(context: ApiContext): Partial<ServiceImpl<typeof Operations>> {
  const { bus, projection } = context;
  return {
    async *readLogs(request, { signal }) {
      const { agent } = resolveAgent(projection.views(), request.agent);
      const { version, messageId, since, follow, afterPosition } = request;
      const filter = {
        level: levelOf(request.level),
        sinceMs: since === undefined ? 0 : timestampMs(since),
        ...(messageId === "" ? {} : { messageId }),
        ...(version === "" ? {} : { version }),
      };
      const range = { agent, filter, follow, limit: limitOf(request.limit) };
      const after = afterPosition === undefined ? {} : { afterPosition };
      for await (const entry of readLogs(bus, { ...range, ...after }, signal)) yield entryMessage(entry);
    },

    ...commandsListApi(context),

    async getStatus() {
      const status = statusOf(await readSystem(bus, projection, Date.now()));
      return { status: toJsonObject(status) ?? {} };
    },

    async getRetention(request) {
      const { agent } = resolveAgent(projection.views(), request.agent);
      return { agent, retention: toJsonObject(await readRetention(bus, agent, Date.now())) ?? {} };
    },

    async diagnose() {
      const findings = await diagnose(context, Date.now());
      return { findings: findings.map((finding) => ({ ...finding, agent: finding.agent ?? "" })) };
    },
  };
}

/** @throws CaxtonError `invalid-argument` */
function levelOf(text: string): LogLevel {
  if (text === "") return "debug";
  if (isLogLevel(text)) return text;
  throw new CaxtonError("invalid-argument", `'${text.slice(0, 40)}' is no level of a log: ${logLevels.join(", ")}`);
}

/** @throws CaxtonError `invalid-argument` */
function limitOf(limit: number = logLimit.unlessGiven): number {
  if (limit >= 0 && limit <= logLimit.max) return limit;
  throw new CaxtonError("invalid-argument", `limit is ${limit}; it takes 0 to ${logLimit.max} lines`);
}

function entryMessage({
  atMs,
  level,
  text,
  messageId,
  batch,
  position,
}: LogEntry): MessageInitShape<typeof LogEntrySchema> {
  const { agent, version, instance, source } = batch;
  return {
    at: timestampFromMs(atMs),
    agent,
    version,
    instance,
    level,
    text,
    messageId: messageId ?? "",
    source,
    position,
  };
}
