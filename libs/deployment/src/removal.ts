import type { Report } from "./command.ts";
import type { Fact } from "./event.ts";
import { type AgentState, type Deployment, isSettled } from "./state.ts";

/** Whether its artifact may be asked for yet: it waits, is on its way, runs, is kept warm, or its processes are not gone. */
export function needsArtifact({ state, processes }: Deployment): boolean {
  return !isSettled(state) || state === "Running" || processes === "wanted" || processes === "unwanted";
}

/** Since when nobody needs an artifact, Unix ms: 0 where no deployment names it, undefined where one needs it. */
export function unneededSinceMs(digest: string, states: readonly AgentState[]): number | undefined {
  const using = states.flatMap((state) => namedBy(state, digest));
  if (using.some(needsArtifact)) return undefined;
  return Math.max(0, ...using.map(({ endedAtMs, requestedAtMs }) => endedAtMs ?? requestedAtMs));
}

/** What removing an artifact, or what was prepared of it, means to an agent: a fact where it had used it, and needs it no more. */
export function removed(
  report: Report & { readonly type: "artifact-removed" | "code-removed" },
  state: AgentState,
): readonly Fact[] {
  const { digest, sizeBytes } = report;
  const using = namedBy(state, digest);
  const last = using.at(-1);
  if (last === undefined || using.some(needsArtifact)) return [];
  const { deployment } = last;
  if (report.type === "code-removed") {
    const { place } = report;
    const isKnown = last.codeRemovedFrom?.includes(place) === true;
    return isKnown ? [] : [{ type: "PreparedCodeRemoved", deployment, digest, sizeBytes, place }];
  }
  return last.artifactRemovedAtMs === undefined ? [{ type: "ArtifactRemoved", deployment, digest, sizeBytes }] : [];
}

function namedBy({ deployments }: AgentState, digest: string): readonly Deployment[] {
  return Object.values(deployments).filter(({ artifact }) => artifact.digest === digest);
}
