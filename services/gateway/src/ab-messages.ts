import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { AbReportSchema } from "@caxton/contracts/gen/caxton/v1/ab_pb.js";
import type { ArmTally, ExperimentReport } from "@caxton/deployment/experiment";
import { measureText } from "@caxton/deployment/measure-text";
import type { Deployment } from "@caxton/deployment/state";
import { varianceOf } from "@caxton/deployment/verdict/difference";

/** What a test came to, as it is told. */
export function abReportMessage(
  deployment: Deployment,
  report: ExperimentReport,
): MessageInitShape<typeof AbReportSchema> {
  const { measure, tally, difference, startedAtMs, endsAtMs, asOfMs, confidence } = report;
  const { provisional, recommendation, reason } = report;
  const isRate = measure.kind === "rate";
  const arm = (version: string, { messages, samples, mean, squares }: ArmTally) => ({
    version,
    messages,
    samples,
    ...(samples === 0 ? {} : { mean }),
    ...(isRate || samples < 2 ? {} : { deviation: Math.sqrt(varianceOf({ samples, mean, squares })) }),
  });
  return {
    deploymentId: deployment.deployment,
    agent: deployment.agent,
    state: deployment.state,
    measure: measureText(measure),
    better: measure.better,
    stable: arm(report.stableVersion, tally.stable),
    candidate: arm(report.candidateVersion, tally.candidate),
    leftOut: tally.leftOut,
    startedAt: timestampFromMs(startedAtMs),
    endsAt: timestampFromMs(endsAtMs),
    asOf: timestampFromMs(asOfMs),
    provisional,
    ...(difference === undefined ? {} : { difference: { ...difference, confidence } }),
    recommendation,
    reason,
  };
}
