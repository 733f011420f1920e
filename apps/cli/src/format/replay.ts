import type { Folded } from "../replay/fold.ts";
import type { Difference } from "../replay/difference.ts";
import { table } from "./table.ts";

/** The state that the events make. */
export function foldLines({ state, revision, events }: Folded): readonly string[] {
  const rows = Object.values(state.deployments).map((deployment) => [
    deployment.deployment,
    deployment.version ?? "-",
    deployment.failure === undefined ? deployment.state : `${deployment.state} (${deployment.failure.code})`,
  ]);
  const { route } = state;
  const targets = route.targets.map(({ version, share }) => `${version} ${Math.round(share * 1_000) / 10}%`);
  return [
    `${events} events of ${state.agent ?? "nobody"}, up to revision ${revision}`,
    ...table(["DEPLOYMENT", "VERSION", "STATE"], rows),
    `Route revision ${route.revision}: ${targets.length === 0 ? "nowhere" : targets.join(", ")}`,
  ];
}

export function differenceText({ path, left, right }: Difference): string {
  return `at ${path === "" ? "the root" : path} the events make ${shown(left)}, served is ${shown(right)}`;
}

function shown(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value).slice(0, 200);
}
