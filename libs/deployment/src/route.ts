/** A version and the share of the agent's messages it gets, 0 to 1. */
export interface Target {
  readonly version: string;
  readonly share: number;
}

/** From `revision` on this version gets no message; requests made under an older revision are refused (DESIGN.md, rule 7). */
export interface Closing {
  readonly version: string;
  readonly revision: number;
}

/**
 * Which versions get which share. Targets stand newest first, so that a growing share only ever takes keys from those
 * behind it. Without targets nobody pulls and messages wait in the inbox.
 */
export interface Route {
  readonly revision: number;
  readonly targets: readonly Target[];
  readonly closed: readonly Closing[];
}

export const noRoute: Route = { revision: 0, targets: [], closed: [] };

/** The next revision: `candidate` at `share`, what is left to `stable`; versions that leave are closed, those that return are open again. */
export function shiftRoute(
  route: Route,
  candidate: string | undefined,
  share: number,
  stable: string | undefined,
): Route {
  const revision = route.revision + 1;
  const targets: Target[] = [];
  if (candidate !== undefined && share > 0)
    targets.push({ version: candidate, share: stable === undefined ? 1 : share });
  if (stable !== undefined && share < 1) targets.push({ version: stable, share: 1 - share });
  const open = new Set(targets.map((target) => target.version));
  const left = route.targets
    .filter((target) => !open.has(target.version))
    .map((target) => ({ version: target.version, revision }));
  const closed = [...route.closed.filter((closing) => !open.has(closing.version)), ...left];
  return { revision, targets, closed };
}

/** The route without a version whose processes are gone; no new revision, because no message goes elsewhere by it. */
export function forgetClosed(route: Route, version: string): Route {
  return { ...route, closed: route.closed.filter((closing) => closing.version !== version) };
}
