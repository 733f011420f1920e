import type { Agent, Deployment } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import type { Freeze, Stoppage } from "@caxton/contracts/gen/caxton/v1/meeting_pb.js";
import type { Retention } from "@caxton/contracts/retention";
import { unixMs } from "../wire-json.ts";
import { percentText } from "./metric.ts";
import { bytes, duration, thousands } from "./quantity.ts";
import { queueText } from "./rollout.ts";
import { inboxTakes } from "./retention.ts";
import { settingsFields } from "./settings.ts";
import { endText, shadowText } from "./shadow-settings.ts";
import { fields, table } from "./table.ts";

export function deploymentTable(deployments: readonly Deployment[]): readonly string[] {
  return table(
    ["DEPLOYMENT", "AGENT", "VERSION", "STATE", "STRATEGY", "REQUESTED", "BY"],
    deployments.map((deployment) => [
      deployment.id,
      deployment.agent,
      deployment.version === "" ? "-" : deployment.version,
      stateText(deployment),
      deployment.strategy,
      instant(unixMs(deployment.requestedAt)),
      deployment.actor,
    ]),
  );
}

export function agentTable(agents: readonly Agent[]): readonly string[] {
  return table(
    ["AGENT", "ACTIVE VERSION", "ROUTE", "DEPLOYMENTS", "ON ITS WAY", "WAITING"],
    agents.map((agent) => [
      agent.name,
      agent.activeVersion === "" ? "-" : agent.activeVersion,
      routeText(agent),
      String(agent.deployments),
      agent.rollout === "" ? "-" : agent.rollout,
      String(agent.queue.length),
    ]),
    ["DEPLOYMENTS", "WAITING"],
  );
}

export function deploymentLines(deployment: Deployment): readonly string[] {
  const { failure, timings, step } = deployment;
  const optional = (name: string, value: string): readonly (readonly [string, string])[] =>
    value === "" ? [] : [[name, value]];
  return fields([
    ["Deployment", deployment.id],
    ["Agent", deployment.agent],
    ...optional("Version", deployment.version),
    ["State", stateText(deployment)],
    ...optional("Step", step === undefined ? "" : stepText(step)),
    ["Strategy", deployment.strategy],
    ...settingsFields(deployment),
    ["Artifact", `sha256:${deployment.artifactDigest} (${bytes(deployment.artifactSizeBytes)})`],
    ...optional("Replaces", deployment.replaces),
    ["Requested", `${instant(unixMs(deployment.requestedAt))} by ${deployment.actor}`],
    ...optional("Reason", deployment.reason),
    ...optional("Overrides a freeze", deployment.overrideFreeze),
    ...optional("Running since", instant(unixMs(deployment.runningAt), "")),
    ...optional("Ended", instant(unixMs(deployment.endedAt), "")),
    ...optional("Failure", failure === undefined ? "" : `${failure.code} at ${failure.stage}: ${failure.reason}`),
    ...optional("Taken back", deployment.rollbackReason),
    ...optional("Redrive", deployment.redrive === undefined ? "" : redriveText(deployment.redrive)),
    ...optional("Compares", deployment.shadow === undefined ? "" : shadowText(deployment.shadow)),
    ...optional("Ended because", deployment.shadowEnd === undefined ? "" : endText(deployment.shadowEnd)),
    ...optional("Way back", wayBackText(deployment)),
    ...optional("Warm until", instant(unixMs(deployment.warmUntil), "")),
    ...optional(
      "Took",
      [
        took("queued", timings?.queuedMs),
        took("validation", timings?.validationMs),
        took("start", timings?.startMs),
        took("deploy", timings?.deployMs),
        took("drain", timings?.drainMs),
        took("total", timings?.totalMs),
      ]
        .flat()
        .join(", "),
    ),
  ]);
}

/** `shift, 3 of 6: 5%, watched until 2024-11-20T10:30:00.123Z` */
function stepText({
  kind,
  number,
  of,
  share,
  watchedUntil,
  heldSince,
  pausedSince,
  frozenSince,
  frozenBy,
}: NonNullable<Deployment["step"]>): string {
  const since = (what: string, at: typeof pausedSince): readonly string[] =>
    at === undefined ? [] : [`${what} ${instant(unixMs(at))}`];
  const details = [
    ...(share === undefined ? [] : [percentText(share)]),
    ...since(kind === "shadow" ? "compared until" : "watched until", watchedUntil),
    ...since("held since", heldSince),
    ...since("paused since", pausedSince),
    ...since(`kept by a freeze (${frozenBy}) since`, frozenSince),
  ];
  return `${kind}, ${number} of ${of}${details.length === 0 ? "" : `: ${details.join(", ")}`}`;
}

/** `2, finished 2024-11-20T10:30:00.123Z by ada (missing stock): 120 sent again` */
function redriveText(redrive: NonNullable<Deployment["redrive"]>): string {
  const { number, state, actor, reason, startedAt, endedAt, redriven } = redrive;
  const when =
    state === "going" ? `under way since ${instant(unixMs(startedAt))}` : `${state} ${instant(unixMs(endedAt))}`;
  const count = redriven === undefined ? "" : `: ${thousands(redriven)} sent again`;
  return `${number}, ${when}, asked for by ${actor}${reason === "" ? "" : ` (${reason})`}${count}`;
}

function wayBackText({ warmPredecessor, version }: Deployment): string {
  if (warmPredecessor === undefined) return "";
  return `${warmPredecessor.version}, warm until ${instant(unixMs(warmPredecessor.until))} (caxton rollback ${version})`;
}

/** @param active the deployment whose version is active */
export function agentLines(agent: Agent, active: Deployment | undefined, retention: Retention): readonly string[] {
  return fields([
    ["Agent", agent.name],
    ["Active version", agent.activeVersion === "" ? "none" : agent.activeVersion],
    ["Route", `${routeText(agent)} (revision ${agent.routeRevision}, in force ${agent.appliedRouteRevision})`],
    ["On its way", agent.rollout === "" ? "nothing" : agent.rollout],
    ["Waiting", agent.queue.length === 0 ? "nothing" : `${agent.queue.join(", ")} (${agent.waitsFor})`],
    ...(agent.stopped === undefined ? [] : [["Stopped", stoppedText(agent.stopped)] as const]),
    ...agent.freezes.map((freeze) => ["Frozen", frozenText(freeze)] as const),
    ["Deployments", String(agent.deployments)],
    ...(active === undefined ? [] : settingsFields(active)),
    ["Inbox takes", inboxTakes(retention)],
    ["Revision", String(agent.revision)],
  ]);
}

/** `held since 2024-11-20T10:30:00.123Z by ada: its database is being moved` */
function stoppedText({ what, inbox, actor, reason, since }: Stoppage): string {
  return `${what}${inbox === "" ? "" : ` (its inbox: ${inbox})`} since ${instant(unixMs(since))} by ${actor}: ${reason}`;
}

function frozenText({ agent, reason, actor, until }: Freeze): string {
  const whose = agent === "" ? "as all agents are, " : "";
  return `${whose}until ${instant(unixMs(until), "it is lifted")}, by ${actor}: ${reason}`;
}

/** `2024-11-20T10:30:00.123Z` */
export function instant(atMs: number | undefined, otherwise = "-"): string {
  return atMs === undefined ? otherwise : new Date(atMs).toISOString();
}

function stateText({ state, queuePlace, waitsFor, failure }: Deployment): string {
  if (state === "Queued") return queueText(queuePlace, waitsFor);
  if (waitsFor !== "") return `${state}, waits: ${waitsFor}`;
  return failure === undefined ? state : `${state} (${failure.code})`;
}

function routeText({ targets }: Agent): string {
  if (targets.length === 0) return "nowhere";
  return targets.map(({ version, share }) => `${version} ${Math.round(share * 1_000) / 10}%`).join(", ");
}

function took(what: string, ms: number | undefined): readonly string[] {
  return ms === undefined ? [] : [`${what} ${duration(ms)}`];
}
