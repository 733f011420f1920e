import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { readDeploymentEvent } from "@caxton/contracts/event-upcast";
import { CaxtonError } from "@caxton/contracts/errors";
import type { HistoryEntrySchema } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import type { RecordedEvent } from "@caxton/event-store/port";
import { historyText } from "../core/history-text.ts";
import { resolveAgent, resolveDeployment } from "../core/resolve-id.ts";
import { freezeEntries } from "../freeze-history.ts";
import { readHistory } from "../history.ts";
import { askLedger } from "../questions.ts";
import { deploymentMessage } from "../messages.ts";
import type { Api, ApiContext } from "./api-context.ts";

const entriesUnlessGiven = 1_000;

type ExplanationsApi = Pick<Api, "explainDeployment" | "getHistory">;

/** Why it went as it did, and what was asked for and decided. */
export function explanationsApi({ bus, projection, eventStore }: ApiContext): ExplanationsApi {
  return {
    async explainDeployment({ deploymentId }, { signal }) {
      const place = resolveDeployment(projection.views(), deploymentId);
      // Without a ledger the rest of the story is still worth telling.
      const ledger = await askLedger(bus, place.agent, signal).catch(() => undefined);
      const view = projection.view(place.agent);
      const deployment = view.state.deployments[place.deployment];
      return {
        ...(deployment === undefined
          ? {}
          : { deployment: deploymentMessage(view, deployment, projection.freezesOf(place.agent)) }),
        ...(ledger === undefined ? {} : { ledger }),
      };
    },

    async getHistory({ agent: typed, deploymentId, limit }, { signal }) {
      const views = projection.views();
      const { agent, state } = resolveAgent(views, typed);
      const only = deploymentId === "" ? undefined : resolveDeployment(views, deploymentId);
      if (only !== undefined && only.agent !== agent) {
        throw new CaxtonError(
          "unknown-deployment",
          `deployment ${only.deployment} is of agent ${only.agent}, not ${agent}`,
        );
      }
      const entries: MessageInitShape<typeof HistoryEntrySchema>[] = [];
      for await (const event of readHistory(eventStore, agent, { fromRevision: 0 }, signal)) {
        const entry = entryOf(event);
        if (entry === undefined || (only !== undefined && entry.deploymentId !== only.deployment)) continue;
        entries.push({ ...entry, version: state.deployments[entry.deploymentId]?.version ?? "" });
      }
      if (only === undefined) {
        const freezes = await freezeEntries(eventStore, agent, signal);
        entries.push(...freezes);
        if (freezes.length > 0) entries.sort((one, other) => atMsOf(one) - atMsOf(other));
      }
      return { agent, entries: entries.slice(-(limit > 0 ? limit : entriesUnlessGiven)) };
    },
  };
}

function atMsOf({ at }: MessageInitShape<typeof HistoryEntrySchema>): number {
  return at === undefined ? 0 : Number(at.seconds ?? 0) * 1_000 + (at.nanos ?? 0) / 1_000_000;
}

function entryOf(stored: RecordedEvent) {
  const event = readDeploymentEvent(stored);
  const text = event === undefined ? undefined : historyText(event);
  if (event === undefined || text === undefined) return undefined;
  const { metadata, type, revision } = stored;
  return {
    at: timestampFromMs(event.atMs),
    deploymentId: event.deployment,
    type,
    text,
    actor: "actor" in event ? event.actor : metadata.actor,
    reason: "reason" in event ? event.reason : (metadata.reason ?? ""),
    revision,
    commandId: metadata.commandId,
  };
}
