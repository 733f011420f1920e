import type { Deployment } from "./state.ts";

/** Until it is lifted, or its time is over, no new version comes into traffic (docs/meeting.md). */
export interface Freeze {
  /** Of this agent only; of all unless given. */
  readonly agent?: string;
  readonly reason: string;
  readonly actor: string;
  /** Unix ms. */
  readonly sinceMs: number;
  readonly untilMs?: number;
}

const held: ReadonlySet<string> = new Set(["deploy", "promote", "approve", "resume", "undeploy"]);

/** Whether a freeze may keep somebody from what he asks for. A rollback needs no look at one. */
export function isHeldByFreezes(request: string): boolean {
  return held.has(request);
}

export function isInForce({ untilMs = Infinity }: Freeze, now: number): boolean {
  return now < untilMs;
}

/** The one that is told where several are in force: the one that lasts longest. */
export function freezeAt({ freezes = [] }: { readonly freezes?: readonly Freeze[] }, now: number): Freeze | undefined {
  const lasting = ({ untilMs = Infinity }: Freeze): number => untilMs;
  return freezes.filter((freeze) => isInForce(freeze, now)).toSorted((one, other) => lasting(other) - lasting(one))[0];
}

/** One that was let through although there was this freeze goes all its way; a freeze that came later holds it. */
export function isLetThrough({ overrideFreeze, requestedAtMs }: Deployment, freeze: Freeze | undefined): boolean {
  return freeze === undefined || (overrideFreeze !== undefined && freeze.sinceMs <= requestedAtMs);
}

/** `all agents are frozen until 2026-12-27T00:00:00.000Z by ada: year's end` */
export function freezeText({ agent, reason, actor, untilMs }: Freeze): string {
  const who = agent === undefined ? "all agents are frozen" : `${agent} is frozen`;
  const until = untilMs === undefined ? "" : ` until ${new Date(untilMs).toISOString()}`;
  return `${who}${until} by ${actor}: ${reason}`;
}
