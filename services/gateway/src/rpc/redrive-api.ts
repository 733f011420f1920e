import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { decodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { redriveCommand } from "@caxton/contracts/command-message";
import { CaxtonError } from "@caxton/contracts/errors";
import type { AgentMessages } from "@caxton/contracts/gen/caxton/v1/messages_pb.js";
import type {
  RedrivableSchema,
  RedrivableSummarySchema,
  RedriveProgressSchema,
} from "@caxton/contracts/gen/caxton/v1/redrive_pb.js";
import { ledgerSchema } from "@caxton/contracts/ledger";
import { type RedriveRecord, redriveRecord } from "@caxton/contracts/redrive";
import { redriveBucket, redriveKey } from "@caxton/contracts/subjects";
import { type Deployment, deploymentOf, versionOf } from "@caxton/deployment/state";
import type { ServiceImpl } from "@connectrpc/connect";
import { resolveDeployment } from "../core/resolve-id.ts";
import { requireTakenBack, survey, type Surveyed, type TakenBack } from "../letters/survey.ts";
import { merged } from "../merged.ts";
import type { Projection } from "../projection.ts";
import { askLedger } from "../questions.ts";
import type { ApiContext } from "./api-context.ts";
import { commandEnvelope } from "./command-context.ts";

const listedAtOnce = 100;

export type RedriveApi = Pick<
  ServiceImpl<typeof AgentMessages>,
  "listRedrivable" | "redriveDeployment" | "watchRedrive"
>;

type Summary = Extract<MessageInitShape<typeof RedrivableSummarySchema>, { readonly $typeName?: never }>;

/** What a version that was taken back handled or failed, and how that is handled again. */
export function redriveApi({ bus, projection, commands }: ApiContext): RedriveApi {
  function find(typed: string): { readonly agent: string; readonly deployment: Deployment } {
    const place = resolveDeployment(projection.views(), typed);
    const deployment = deploymentOf(projection.view(place.agent).state, place.deployment);
    if (deployment === undefined) throw new CaxtonError("unknown-deployment", `no deployment ${place.deployment}`);
    return { agent: place.agent, deployment };
  }

  return {
    async *listRedrivable({ deploymentId, failedOnly, summaryOnly, limit = Infinity }, { signal }) {
      const found = find(deploymentId);
      const deployment = requireTakenBack(found.deployment);
      const { state } = projection.view(found.agent);
      const summary = beginSummary(deployment, versionOf(state, state.active) ?? "");
      let listed = 0;
      let messages: MessageInitShape<typeof RedrivableSchema>[] = [];
      for await (const one of survey(bus, deployment, failedOnly, signal)) {
        count(summary, one);
        if (summaryOnly || listed >= limit) continue;
        listed += 1;
        messages.push(messageOf(one));
        if (messages.length < listedAtOnce) continue;
        yield { messages };
        messages = [];
      }
      const missing = failedOnly ? undefined : await missingOf(bus, deployment, summary, signal);
      yield { messages, summary: { ...summary, ...(missing === undefined ? {} : { missing }) } };
    },

    async redriveDeployment({ context, deploymentId, failedOnly, limit, stop }, { signal, requestHeader }) {
      const { agent, deployment } = find(deploymentId);
      const { deployment: id, redrive } = deployment;
      const command = redriveCommand.check({
        ...commandEnvelope(context, requestHeader),
        deployment: id,
        ...(failedOnly ? { failedOnly } : {}),
        ...(limit === undefined ? {} : { limit }),
        ...(stop ? { stop } : {}),
      });
      await commands.send(agent, "redrive", command, signal);
      const before = redrive?.number ?? 0;
      return { deploymentId: id, agent, number: stop || redrive?.state === "going" ? before : before + 1 };
    },

    async *watchRedrive({ deploymentId, number }, { signal }) {
      const { agent, deployment } = find(deploymentId);
      const id = deployment.deployment;
      const left = new AbortController();
      const until = AbortSignal.any([signal, left.signal]);
      let record: RedriveRecord | undefined;
      const written = recordsOf(bus, agent, id, until);
      try {
        for await (const seen of merged<RedriveRecord | undefined>(written, changesOf(projection, agent, until))) {
          record = seen ?? record;
          const redrive = deploymentOf(projection.view(agent).state, id)?.redrive;
          if (redrive === undefined || redrive.number < number) continue;
          const tally = redrive.tally ?? (record?.number === redrive.number ? record.tally : undefined);
          const { actor, reason, state } = redrive;
          const waiting = state === "going" ? (record?.waiting ?? "") : "";
          yield { number: redrive.number, state, actor, reason, waiting, ...tally } satisfies MessageInitShape<
            typeof RedriveProgressSchema
          >;
          if (state !== "going") return;
        }
      } finally {
        left.abort();
      }
    },
  };
}

/** How far it has come, now and whenever that changes. */
async function* recordsOf(
  bus: Bus,
  agent: string,
  deployment: string,
  signal: AbortSignal,
): AsyncGenerator<RedriveRecord> {
  const bucket = await bus.kv(redriveBucket);
  for await (const change of bucket.watch({ key: redriveKey(agent, deployment), signal })) {
    if (change.type === "put") yield redriveRecord.check(decodeJson(change.entry.value));
  }
}

/** Once, and whenever something is stored about the agent. */
async function* changesOf(projection: Projection, agent: string, signal: AbortSignal): AsyncGenerator<undefined> {
  while (!signal.aborted) {
    const { revision } = projection.view(agent);
    yield undefined;
    await projection.changed(agent, revision, signal).catch(() => undefined);
  }
}

function beginSummary(deployment: TakenBack, restoredVersion: string): Summary & { outputs: number } {
  const { deployment: deploymentId, agent, version, endedAtMs, rollbackReason = "", redrive } = deployment;
  return {
    deploymentId,
    agent,
    version,
    restoredVersion,
    handled: 0,
    deadLettered: 0,
    outputs: 0,
    due: 0,
    redriven: 0,
    gone: 0,
    rollbackReason,
    going: redrive?.state === "going" ? redrive.number : 0,
    ...(endedAtMs === undefined ? {} : { rolledBackAt: timestampFromMs(endedAtMs) }),
  };
}

function count(summary: Summary & { outputs: number }, { outcome, becomes }: Surveyed): void {
  const result = outcome.result === "handled" ? "handled" : "deadLettered";
  const became = becomes === "redrive" ? "due" : becomes;
  summary[result] = (summary[result] ?? 0) + 1;
  summary[became] = (summary[became] ?? 0) + 1;
  summary.outputs += outcome.outputs.length;
}

function messageOf({ outcome, position, becomes }: Surveyed): MessageInitShape<typeof RedrivableSchema> {
  const { agent, epoch, sequence, messageId, result, decidedAtMs, deadLetter, outputs } = outcome;
  return {
    epoch,
    sequence,
    position,
    messageId,
    result,
    code: deadLetter?.code ?? "",
    reason: deadLetter?.reason ?? "",
    decidedAt: timestampFromMs(decidedAtMs),
    outputs: outputs.map(({ to = "", kind }, index) => ({ id: `${agent}/${epoch}/${sequence}/${index}`, to, kind })),
    becomes,
  };
}

/** What the ledger counted of the version and is no longer among the outcomes; undefined where no ledger answers. */
async function missingOf(
  bus: Bus,
  { agent, version }: TakenBack,
  { handled = 0, deadLettered = 0 }: Summary,
  signal: AbortSignal,
): Promise<number | undefined> {
  const answer = await askLedger(bus, agent, signal).catch(() => undefined);
  if (answer === undefined) return undefined;
  const counted = ledgerSchema.check(answer).versions.find((one) => one.version === version);
  return Math.max(0, (counted?.handled ?? 0) + (counted?.deadLettered ?? 0) - handled - deadLettered);
}
