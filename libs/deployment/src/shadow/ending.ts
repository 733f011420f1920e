/** What became of a shadow's messages, in numbers. */
export interface ShadowSummary {
  readonly compared: number;
  /** Of those, with outputs like the live version's. */
  readonly equal: number;
  readonly different: number;
  /** The live version handled them, the shadow did not. */
  readonly failed: number;
  /** Meant for it, and never asked. */
  readonly missed: number;
}

/**
 * Why a shadow ended: its time was over, somebody stopped it, it fell too far behind, its agent was undeployed, or
 * nobody was there to run it.
 */
export const shadowCauses = ["over", "stopped", "behind", "undeployed", "unreported"] as const;
export type ShadowCause = (typeof shadowCauses)[number];

/** `412 of 420 compared outputs are equal; 8 differ, 3 failed, 0 were missed` */
export function summaryText({ compared, equal, different, failed, missed }: ShadowSummary): string {
  return `${equal} of ${compared} compared are equal, ${different} differ; the shadow failed on ${failed} and missed ${missed}`;
}
