import type { AgentStatus, SystemStatus, VersionStatus } from "@caxton/contracts/system-status";
import { failingVersions } from "./failing-versions.ts";
import { findingLines, troubleText } from "./finding.ts";
import { bytes, duration, thousands } from "./quantity.ts";
import type { Style } from "./style.ts";
import { table } from "./table.ts";

const agentHeads = ["AGENT", "WAITING", "HELD", "OLDEST", "PER SECOND", "ERRORS", "DEAD", "RELAY", "KEPT", "ROLLOUT"];
const versionHeads = ["VERSION", "SHARE", "READY", "RESTARTS", "PER SECOND", "ERRORS", "P99"];

/** How everything is, what is wrong first. */
export function statusLines(status: SystemStatus, style: Style): readonly string[] {
  const { services, agents, findings } = status;
  const trouble = troubleText(findings);
  const counted = `${countOf(services.length, "service")}, ${countOf(agents.length, "agent")}`;
  const failing = agents.flatMap(failingVersions);
  const but =
    failing.length === 0 ? "" : `, but ${countOf(failing.length, "version")} fail${failing.length === 1 ? "s" : ""}`;
  const headline =
    trouble === undefined ? `${style.good("✓")} Healthy: ${counted}${but}` : `${style.bad("✗")} ${trouble}: ${counted}`;
  const versions = agents.flatMap((agent) => agent.versions);
  return [
    headline,
    ...[...findings, ...failing].flatMap((finding) => findingLines(finding, style)),
    "",
    ...serviceLines(status),
    "",
    ...(agents.length === 0
      ? ["No agent was deployed yet. → caxton deploy agent <file.wasm>"]
      : table(agentHeads, agents.map(agentRow), agentHeads.slice(1, -1))),
    ...agents.flatMap(standingLines),
    ...(versions.length === 0 ? [] : ["", ...table(versionHeads, versions.map(versionRow), versionHeads.slice(1))]),
  ];
}

function serviceLines({ services, asOfMs }: SystemStatus): readonly string[] {
  const rows = services.map(({ kind, id, pid, startedAtMs }) => [kind, id, String(pid), up(asOfMs - startedAtMs)]);
  return table(["SERVICE", "ID", "PID", "UP"], rows, ["PID", "UP"]);
}

/** Why nothing happens where somebody wants it so. */
function standingLines({ agent, stopped, frozen }: AgentStatus): readonly string[] {
  return [
    ...(stopped === undefined ? [] : [`→ ${agent} is ${stopped.what} by ${stopped.actor}: ${stopped.reason}`]),
    ...(frozen === undefined ? [] : [`→ ${frozen}`]),
  ];
}

function agentRow(agent: AgentStatus): readonly string[] {
  const { inbox, rollout, relay } = agent;
  const behind = Math.max(0, ...relay.map((lane) => lane.behind));
  const { stopped, frozen } = agent;
  const onItsWay = rollout === undefined ? "-" : `${rollout.version || rollout.deployment} ${stateText(rollout)}`;
  return [
    agent.agent,
    inbox === undefined ? "-" : thousands(inbox.waiting),
    inbox === undefined ? "-" : thousands(inbox.inFlight),
    inbox?.oldestWaitingMs === undefined ? "-" : up(inbox.oldestWaitingMs),
    agent.perSecond.toFixed(1),
    agent.attempts === 0 ? "-" : percent(agent.errorRate),
    agent.deadLettered === undefined ? "?" : thousands(agent.deadLettered),
    thousands(behind),
    inbox === undefined ? "-" : bytes(inbox.bytes),
    [
      agent.queued === 0 ? onItsWay : `${onItsWay} (${agent.queued} queued)`,
      ...(stopped === undefined ? [] : [stopped.what]),
      ...(frozen === undefined ? [] : ["frozen"]),
    ].join(", "),
  ];
}

function versionRow(version: VersionStatus): readonly string[] {
  return [
    version.version,
    version.share === 0 ? "-" : `${Number((version.share * 100).toFixed(1))}%`,
    readyText(version),
    String(version.restarts),
    version.perSecond === undefined ? "-" : version.perSecond.toFixed(1),
    version.errorRate === undefined ? "-" : percent(version.errorRate),
    version.p99LatencyMs === undefined ? "-" : duration(version.p99LatencyMs),
  ];
}

/** Nothing happens until somebody says so, and nobody else tells them. */
function stateText({ version, state, waitsForApproval }: NonNullable<AgentStatus["rollout"]>): string {
  return waitsForApproval === true ? `waits for: caxton approve ${version}` : state;
}

/** One that gets no message and could be brought back at once is not one that does not start. */
function readyText({ ready, wanted, closed = 0 }: VersionStatus): string {
  return closed > 0 && ready === 0 && closed >= wanted ? `warm ${closed}/${wanted}` : `${ready}/${wanted}`;
}

const countOf = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

const percent = (share: number): string => `${(share * 100).toFixed(2)}%`;

/** `12 s`, `5 min`, `3.2 h`, `4.0 d` */
export function up(ms: number): string {
  if (ms < 120_000) return `${Math.max(0, Math.round(ms / 1_000))} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 172_800_000) return `${(ms / 3_600_000).toFixed(1)} h`;
  return `${(ms / 86_400_000).toFixed(1)} d`;
}
