import { type CanaryStep, planProblem, canaryPlan } from "@caxton/deployment/strategy";
import { TextFault } from "./problem.ts";
import { parseShare, watchMsUnlessGiven } from "./share.ts";

/**
 * Steps in a line, for trying things out: `5%:30s,25%:1m,approve,100%`. A share without a time is watched as in a deployment file.
 * @throws TextFault
 */
export function parseSteps(text: string): readonly CanaryStep[] {
  let before = 0;
  let offset = 0;
  const steps: CanaryStep[] = [];
  for (const part of text.split(",")) {
    const at = offset + (part.length - part.trimStart().length);
    offset += part.length + 1;
    if (part.trim() === "approve") {
      steps.push({ kind: "approve" });
      continue;
    }
    const { share, watchMs = watchMsUnlessGiven(share, before === 0) } = shareAt(part.trim(), at);
    steps.push({ kind: "shift", share, ...(watchMs === undefined ? {} : { watchMs }) });
    if (share <= before) throw new TextFault(at, `'${part.trim()}' follows ${before * 100}%: shares only grow`);
    before = share;
  }
  if (before !== 1)
    throw new TextFault(text.length, "the last step is 100%, so that the new version gets all messages");
  const problem = planProblem(canaryPlan(steps));
  if (problem !== undefined) throw new TextFault(0, problem);
  return steps;
}

function shareAt(text: string, at: number): ReturnType<typeof parseShare> {
  try {
    return parseShare(text, ":");
  } catch (error) {
    if (!(error instanceof TextFault)) throw error;
    throw new TextFault(at + error.offset, error.message, error.allowed, error.nearest);
  }
}
