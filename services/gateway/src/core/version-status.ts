import type { SlotStatus, VersionSpec } from "@caxton/contracts/placement";
import type { VersionStatus } from "@caxton/contracts/system-status";
import type { VersionWindow } from "@caxton/contracts/windows";

/** A slot and whose it is. */
export interface HeldSlot {
  readonly key: string;
  readonly agent: string;
  readonly version: string;
  readonly status: SlotStatus;
}

export interface VersionFacts {
  readonly targets: readonly { readonly version: string; readonly share: number }[];
  /** Of this agent, stopped ones too. */
  readonly specs: readonly VersionSpec[];
  readonly slots: readonly HeldSlot[];
  readonly windows: readonly VersionWindow[];
}

/** The versions that the route names or that should run, those with the largest share first. */
export function versionStatuses({ targets, specs, slots, windows }: VersionFacts): VersionStatus[] {
  const running = specs.filter(({ desired }) => desired === "running");
  const ids = new Set([...targets.map(({ version }) => version), ...running.map(({ version }) => version)]);
  const statuses = [...ids].map((version): VersionStatus => {
    const held = slots.filter((slot) => slot.version === version).map(({ status }) => status);
    const inState = (...states: readonly SlotStatus["state"][]): number =>
      held.filter(({ state }) => states.includes(state)).length;
    const reason = held.find((status) => status.state !== "ready" && status.reason !== undefined)?.reason;
    const window = windows.find((one) => one.version === version);
    return {
      version,
      share: targets.find((target) => target.version === version)?.share ?? 0,
      wanted: running.find((spec) => spec.version === version)?.instances ?? 0,
      ready: inState("ready"),
      starting: inState("starting"),
      failed: inState("failed"),
      ...(inState("closed", "drained") > 0 ? { closed: inState("closed", "drained") } : {}),
      restarts: held.reduce((sum, status) => sum + status.restarts, 0),
      ...(reason === undefined ? {} : { reason }),
      ...(window === undefined ? {} : ratesOfOne(window)),
      ...(window?.latencyMs === undefined ? {} : { p99LatencyMs: window.latencyMs.p99 }),
    };
  });
  return statuses.toSorted((a, b) => b.share - a.share || (a.version < b.version ? -1 : 1));
}

function ratesOfOne({ perSecond, errorRate, handled, failed }: VersionWindow) {
  return { perSecond, errorRate, attempts: handled + failed };
}

/** All versions together. */
export function ratesOf(windows: readonly VersionWindow[]): {
  readonly attempts: number;
  readonly perSecond: number;
  readonly errorRate: number;
} {
  const failed = windows.reduce((sum, window) => sum + window.failed, 0);
  const attempts = windows.reduce((sum, window) => sum + window.handled, failed);
  const perSecond = windows.reduce((sum, window) => sum + window.perSecond, 0);
  return { attempts, perSecond, errorRate: attempts === 0 ? 0 : failed / attempts };
}
