import { spanText } from "@caxton/contracts/span-text";
import type { AgentStatus, Finding, VersionStatus } from "@caxton/contracts/system-status";
import { foundOr, ok, problem, some, warning } from "./finding.ts";
import { nearlyFull } from "./fullness.ts";
import { lanes } from "./lanes.ts";

/** From where on something stands out. Times in ms, shares 0 to 1. */
export const bounds = {
  oldestWarningMs: 10_000,
  oldestProblemMs: 60_000,
  errorWarningRate: 0.05,
  errorProblemRate: 0.5,
  /** Fewer attempts say nothing about a rate. */
  rateMinAttempts: 20,
} as const;

/** Everything that stands out about the agents. */
export function checkAgents(agents: readonly AgentStatus[]): readonly Finding[] {
  const found = agents.flatMap((agent) =>
    [...instances(agent), ...routes(agent), ...queue(agent), ...errors(agent), ...books(agent), ...lanes(agent)].map(
      (finding) => ({ ...finding, agent: agent.agent }),
    ),
  );
  return foundOr(found, ok("agents", `${some(agents.length, "agent")}, nothing stands out`));
}

function instances({ agent, versions }: AgentStatus): readonly Finding[] {
  return versions.flatMap((version) => {
    const { version: id, share, wanted, ready, failed, restarts } = version;
    if (share === 0 && failed === 0) return [];
    const seen = `${ready} of ${some(wanted, "instance")} of ${id} ${wanted === 1 ? "is" : "are"} ready${why(version)}`;
    const advice = `\`caxton logs ${agent} --version ${id} --level error\` says why; the version before runs again with \`caxton deploy agent <its file>\``;
    if (share > 0 && ready === 0) return [problem("instances", `${seen}; its messages wait`, advice)];
    if (failed > 0 || ready < wanted) return [warning("instances", seen, advice)];
    return restarts > 2 ? [warning("instances", `${seen}, after ${some(restarts, "restart")}`, advice)] : [];
  });
}

function why({ reason }: VersionStatus): string {
  return reason === undefined ? "" : ` (${reason.replaceAll(/\s+/g, " ").slice(0, 200)})`;
}

function routes({ routeRevision, appliedRouteRevision, rollout }: AgentStatus): readonly Finding[] {
  if (appliedRouteRevision >= routeRevision) return [];
  const seen = `route revision ${routeRevision} is not acknowledged by every router (last: ${appliedRouteRevision})`;
  const advice =
    "a router that was killed is forgotten after 3 s; else look for a router that hangs in `caxton status`";
  return rollout === undefined ? [warning("routes", seen, advice)] : [];
}

function queue({ agent, inbox, versions, waits, stopped }: AgentStatus): readonly Finding[] {
  if (inbox === undefined) return [];
  const found: Finding[] = [];
  const { waiting, inFlight, oldestWaitingMs = 0 } = inbox;
  if (oldestWaitingMs > bounds.oldestWarningMs) {
    // What somebody wants so is no problem.
    const say = oldestWaitingMs > bounds.oldestProblemMs && stopped === undefined ? problem : warning;
    const seen = `${some(waiting, "message")} wait${waiting === 1 ? "s" : ""} (${inFlight} held by routers), the oldest for ${spanText(oldestWaitingMs)}`;
    const nobody = versions.every(({ ready, share }) => ready === 0 || share === 0);
    const advice = nobody
      ? "no instance takes messages: see the instances of this agent; what waits is not lost"
      : waits.length > 0
        ? "nothing is taken out of the inbox: see its lanes; what waits is not lost"
        : `\`caxton windows ${agent}\` shows whether it fails or is slow; more instances or a quicker version take more`;
    found.push(say("queue", seen, advice));
  }
  const full = nearlyFull(inbox);
  if (full !== undefined) {
    const seen = `the inbox is ${full.words}; a full one refuses producers (inbox-full)`;
    const advice = `\`caxton get ${agent}\` shows what is kept and why; shorten what is kept, or give the stream more room`;
    found.push(full.say("queue", seen, advice));
  }
  return found;
}

function errors({ agent, attempts, errorRate }: AgentStatus): readonly Finding[] {
  if (attempts < bounds.rateMinAttempts || errorRate < bounds.errorWarningRate) return [];
  const say = errorRate >= bounds.errorProblemRate ? problem : warning;
  const seen = `${(errorRate * 100).toFixed(1)} % of ${attempts} attempts failed in the last minute`;
  return [
    say(
      "errors",
      seen,
      `\`caxton windows ${agent}\` shows the codes, \`caxton logs ${agent} --level error\` what it said`,
    ),
  ];
}

const faultAdvice: Readonly<Record<string, string>> = {
  "inbox-behind":
    "stop the producers; bring back the newer copy of the inbox, or delete the inbox's stream: it is made again as a new epoch, in which nothing is taken for decided",
  "message-removed":
    "somebody purged or deleted messages that nobody had decided on; ask who did, and let the producer send them again",
};

function books({ faults }: AgentStatus): readonly Finding[] {
  return faults.map(({ code, message }) =>
    problem(
      "ledger",
      `${message} (${code})`,
      faultAdvice[code] ?? "the ledger's log says more; docs/errors.md names the code",
    ),
  );
}
