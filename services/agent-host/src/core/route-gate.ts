import type { RouteEntry } from "@caxton/contracts/placement";

export type Admission =
  | { readonly kind: "serve" }
  /** Made under a revision this process has not seen yet: its own view has to catch up first. */
  | { readonly kind: "wait" }
  | { readonly kind: "refuse"; readonly closedAtRevision: number };

/** What a version's process knows of its route, and whom it serves by it (DESIGN: fencing). */
export interface GateState {
  /** The newest route revision seen; 0 before there is any route. */
  readonly revision: number;
  readonly open: boolean;
  /** The last revision that closed this version; requests older than it are refused, also after it was opened again. */
  readonly closedAtRevision: number;
}

export const initialGate: GateState = { revision: 0, open: true, closedAtRevision: 0 };

/** A route that names the version neither as target nor as closed changes nothing for it: it is warm, or already gone. */
export function followRoute(state: GateState, version: string, route: RouteEntry): GateState {
  if (route.revision < state.revision) return state;
  const { revision } = route;
  if (route.targets.some((target) => target.version === version)) return { ...state, revision, open: true };
  const closing = route.closed.find((one) => one.version === version);
  if (closing === undefined) return { ...state, revision };
  return { revision, open: false, closedAtRevision: Math.max(state.closedAtRevision, closing.revision) };
}

export function admit(state: GateState, routeRevision: number): Admission {
  if (routeRevision > state.revision) return { kind: "wait" };
  if (!state.open || routeRevision < state.closedAtRevision)
    return { kind: "refuse", closedAtRevision: state.closedAtRevision };
  return { kind: "serve" };
}
