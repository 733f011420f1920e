import type { Output } from "@caxton/contracts/outcome";

/** The lane of the relay that carries outputs to the outbox. */
export const outboxLane = "outbox";

/** How far one lane of an agent's relay has come in its outcomes. */
export interface LanePosition {
  /** `outbox`, or the agent whose inbox it is. */
  readonly lane: string;
  /** It has passed every outcome up to this one; 0 where it never was at work. */
  readonly position: number;
}

/** The lanes that an outcome is still there for. Who says nothing to a lane is not kept for it, however far it is behind. */
export function waitedForBy(
  position: number,
  outputs: readonly Pick<Output, "to">[],
  lanes: readonly LanePosition[],
): readonly string[] {
  return lanes.filter((one) => one.position < position && concerns(one.lane, outputs)).map(({ lane }) => lane);
}

/** Whom outcomes speak to is found out by the lane to the outbox, so that one reads all that say anything. */
function concerns(lane: string, outputs: readonly Pick<Output, "to">[]): boolean {
  return lane === outboxLane ? outputs.length > 0 : outputs.some(({ to }) => to === lane);
}
