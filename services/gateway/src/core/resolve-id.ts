import { CaxtonError } from "@caxton/contracts/errors";
import { isUuid } from "@caxton/contracts/schema";
import { nearest } from "@caxton/deployment-file/nearest";
import type { AgentView } from "./agent-view.ts";

const namedCandidates = 5;

/** Where a deployment is: the agent it belongs to and its full id. */
export interface DeploymentPlace {
  readonly agent: string;
  readonly deployment: string;
}

/**
 * The agent that a typed name or its beginning means.
 * @throws CaxtonError `unknown-agent`, `ambiguous-id`
 */
export function resolveAgent(views: readonly AgentView[], typed: string): AgentView {
  const byName = new Map(views.map((view) => [view.agent, view]));
  return choose(byName, typed, "agent", () => unknownAgent(views, typed));
}

/** That there is no such agent, which one was probably meant, and what to do. */
export function unknownAgent(views: readonly AgentView[], typed: string): CaxtonError {
  const names = views.map(({ agent }) => agent);
  const whole = names.filter((name) => typed !== "" && name.startsWith(typed));
  const meant = whole.length === 1 ? whole[0] : nearest(typed, names);
  const next =
    names.length === 0
      ? "`caxton deploy agent <file.wasm>` brings the first"
      : `${meant === undefined ? "" : `did you mean '${meant}'? `}\`caxton list\` shows what there is`;
  return new CaxtonError("unknown-agent", `no agent '${typed.slice(0, 64)}' was ever deployed here; ${next}`);
}

/**
 * The deployment that a deployment id, a version id, the beginning of either or the end of a deployment id means. The whole
 * name of an agent means the one that is on its way, else the active one, else the last that was asked for.
 * @throws CaxtonError `unknown-deployment`, `ambiguous-id`
 */
export function resolveDeployment(views: readonly AgentView[], typed: string): DeploymentPlace {
  const byId = new Map<string, DeploymentPlace>();
  for (const view of views) {
    for (const deployment of Object.values(view.state.deployments)) {
      const place = { agent: view.agent, deployment: deployment.deployment };
      byId.set(deployment.deployment, place);
      if (deployment.version !== undefined) byId.set(deployment.version, place);
    }
  }
  const named = views.find(({ agent }) => agent === typed);
  const newest = named === undefined ? undefined : newestOf(named);
  if (newest !== undefined && !byId.has(typed)) return { agent: typed, deployment: newest };
  return choose(
    byId,
    typed,
    "deployment or version",
    () =>
      new CaxtonError("unknown-deployment", `no deployment or version '${typed}'; \`caxton list\` shows what there is`),
  );
}

function newestOf({ state }: AgentView): string | undefined {
  return state.rollout ?? state.active ?? Object.keys(state.deployments).at(-1);
}

function choose<Value extends object>(
  known: ReadonlyMap<string, Value>,
  typed: string,
  what: string,
  unknown: () => CaxtonError,
): Value {
  const exact = known.get(typed);
  if (exact !== undefined) return exact;
  const ids =
    typed === "" ? [] : [...known.keys()].filter((id) => id.startsWith(typed) || (isUuid(id) && id.endsWith(typed)));
  const meant = new Map(ids.flatMap((id) => entryOf(known, id)));
  const [first, ...others] = meant.keys();
  if (first === undefined) throw unknown();
  if (others.length > 0) throw ambiguous(typed, what, [...meant.values()].toSorted());
  return first;
}

function entryOf<Value>(known: ReadonlyMap<string, Value>, id: string): readonly (readonly [Value, string])[] {
  const value = known.get(id);
  return value === undefined ? [] : [[value, id]];
}

function ambiguous(typed: string, what: string, ids: readonly string[]): CaxtonError {
  const named = ids.slice(0, namedCandidates).join(", ");
  const more = ids.length > namedCandidates ? ` and ${ids.length - namedCandidates} more` : "";
  return new CaxtonError("ambiguous-id", `'${typed}' fits more than one ${what}: ${named}${more}; type more of it`, {
    details: { typed, candidates: ids.length },
  });
}
