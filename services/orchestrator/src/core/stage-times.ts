import { stageNames } from "@caxton/contracts/validation";

export interface StageTime {
  readonly stage: string;
  readonly durationMs: number;
  readonly passed: boolean;
}

export interface StageTimes {
  readonly stages: readonly StageTime[];
  /** The validator had the verdict from before: the stages tell of that time, and took none now. */
  readonly isRemembered: boolean;
}

/** What a stored report says of the stages that were walked; one of another form says nothing. */
export function stageTimes(report: unknown): StageTimes {
  const fields = new Map(typeof report === "object" && report !== null ? Object.entries(report) : []);
  const stages = stageNames.flatMap((stage) => {
    const found: unknown = fields.get(stage);
    if (typeof found !== "object" || found === null || !("durationMs" in found)) return [];
    const { durationMs } = found;
    if (typeof durationMs !== "number" || !(durationMs >= 0)) return [];
    return [{ stage, durationMs, passed: "passed" in found && found.passed === true }];
  });
  const allMs: unknown = fields.get("durationMs");
  const walkedMs = stages.reduce((sum, { durationMs }) => sum + durationMs, 0);
  return { stages, isRemembered: typeof allMs === "number" && allMs < walkedMs };
}
