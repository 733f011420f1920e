import type { Deployment, ExplainDeploymentResponse } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import type {
  Judging,
  RollbackStory,
  StepDecision,
  StepStory,
  Verdict,
} from "@caxton/contracts/gen/caxton/v1/canary_pb.js";
import { ledgerSchema } from "@caxton/contracts/ledger";
import { unixMs } from "../wire-json.ts";
import { ledgerLines } from "./account.ts";
import { failedText, warmUpText } from "./blue-green.ts";
import { abResultLines } from "./ab-result.ts";
import { instant } from "./deployment.ts";
import { findingDetail, percentText } from "./metric.ts";
import { duration, inWords, thousands } from "./quantity.ts";
import { endText, shadowText } from "./shadow-settings.ts";
import type { Style } from "./style.ts";
import { fields, table } from "./table.ts";

/** Why a deployment went as it did: what was asked for, each step with what was decided on what, and its messages. */
export function explainLines({ deployment, ledger }: ExplainDeploymentResponse, style: Style): readonly string[] {
  if (deployment === undefined) return [];
  const { rollback, agent, abReport } = deployment;
  return [
    ...headLines(deployment, style),
    "",
    ...stepLines(deployment, style),
    ...(abReport === undefined ? [] : ["", ...abResultLines(abReport, style)]),
    ...(rollback === undefined ? [] : ["", ...rollbackLines(rollback, style)]),
    "",
    style.strong(`Messages of ${agent}`),
    ...(ledger === undefined
      ? [`No account of them yet: ${agent} has no inbox, or no ledger runs (caxton status)`]
      : ledgerLines(ledgerSchema.check(ledger))),
  ];
}

function headLines(deployment: Deployment, style: Style): readonly string[] {
  const { id, agent, version, strategy, state, actor, reason, replaces, judging, failure, warmPredecessor } =
    deployment;
  const asked = `${instant(unixMs(deployment.requestedAt))} by ${actor}${reason === "" ? "" : `: ${reason}`}`;
  const optional = (name: string, value: string): readonly (readonly [string, string])[] =>
    value === "" ? [] : [[name, value]];
  return [
    style.strong(`${version === "" ? id : version} of ${agent}: ${strategy}, ${state}`),
    ...fields([
      ["Deployment", id],
      ["Asked for", asked],
      ...optional("Replaces", replaces),
      ...optional("Compares", deployment.shadow === undefined ? "" : shadowText(deployment.shadow)),
      ...optional("Ended because", deployment.shadowEnd === undefined ? "" : endText(deployment.shadowEnd)),
      ...optional(
        "Report",
        deployment.shadow === undefined ? "" : `caxton shadow report ${version === "" ? id : version}`,
      ),
      ...optional("A/B test", strategy === "ab" ? `caxton ab report ${version === "" ? id : version}` : ""),
      ...optional("Judged by", judging === undefined ? "" : judgingText(judging, strategy)),
      ...optional("Failure", failure === undefined ? "" : `${failure.code} at ${failure.stage}: ${failure.reason}`),
      ...optional(
        "Way back",
        warmPredecessor === undefined
          ? ""
          : `${warmPredecessor.version}, warm until ${instant(unixMs(warmPredecessor.until))}`,
      ),
    ]),
  ];
}

function judgingText({ rollbackOn, onInconclusive, maxHoldMs, onCanaryFailure }: Judging, strategy: string): string {
  const held = onInconclusive === "rollback" ? `taken back after ${inWords(maxHoldMs ?? 0)}` : "held";
  // The time of an A/B test ends it, whatever the rules say.
  const otherwise = strategy === "ab" ? "" : `; without a verdict ${held}`;
  return `${rollbackOn.join(", ")}${otherwise}; on failure ${onCanaryFailure}`;
}

function stepLines({ steps }: Deployment, style: Style): readonly string[] {
  const reached = steps.filter(({ startedAt }) => startedAt !== undefined);
  const rows = reached.map((step) => [String(step.number), stepName(step), tookText(step), routeText(step)]);
  const [head = "", ...lines] = table(["STEP", "WHAT", "TOOK", "ROUTE"], rows, ["STEP"]);
  const missing = steps.length - reached.length;
  return [
    head,
    ...reached.flatMap((step, index) => [lines[index] ?? "", ...warmUpLines(step), ...becameLines(step, style)]),
    ...(missing === 0
      ? []
      : [`${missing === 1 ? "One further step was" : `${missing} further steps were`} not reached`]),
  ];
}

function stepName({ kind, share, watchMs }: StepStory): string {
  if (kind === "shadow") return `shadow, compared for ${inWords(watchMs ?? 0)}`;
  if (kind !== "shift") return kind;
  return `${percentText(share)}${watchMs === undefined ? "" : `, watched for ${inWords(watchMs)}`}`;
}

function tookText({ startedAt, endedAt }: StepStory): string {
  const fromMs = unixMs(startedAt);
  const toMs = unixMs(endedAt);
  return fromMs === undefined || toMs === undefined ? "under way" : duration(toMs - fromMs);
}

function routeText({ routeRevision, appliedMs }: StepStory): string {
  if (routeRevision === 0) return "";
  const followed =
    appliedMs === undefined
      ? "not followed by every router yet"
      : `followed by every router after ${duration(appliedMs)}`;
  return `revision ${routeRevision}, ${followed}`;
}

/** Decisions with what each rests on, and a verdict that decided nothing where it is the last thing that is known. */
function becameLines({ decisions, verdict }: StepStory, style: Style): readonly string[] {
  const decidedOn = decisions.some((decision) => decision.verdict !== undefined);
  return [
    ...decisions.flatMap((decision) => [...verdictLines(decision.verdict, style), `      ${decisionText(decision)}`]),
    ...(decidedOn ? [] : verdictLines(verdict, style)),
  ];
}

/** What the version was asked before it got messages. */
function warmUpLines({ warmUp }: StepStory): readonly string[] {
  if (warmUp === undefined) return [];
  const { answers, failed, regressed, crashes, firstFailure } = warmUp;
  return [
    `      ${warmUpText(warmUp)}; ${thousands(answers)} answers, their outputs discarded`,
    ...(failed === 0 ? [] : [`      ${failedText(failed, regressed)}`]),
    ...(firstFailure === undefined
      ? []
      : [`      ${firstFailure.message}: ${firstFailure.code}: ${firstFailure.reason}`]),
    ...(crashes === 0 ? [] : [`      its processes ended ${crashes === 1 ? "once" : `${crashes} times`}`]),
  ];
}

function decisionText({ at, decision, by, reason, verdict }: StepDecision): string {
  const who = by === "" ? (verdict === undefined ? "" : ` on the verdict ${verdict.outcome}`) : ` by ${by}`;
  return `→ ${decision}${who} at ${instant(unixMs(at))}${reason === "" ? "" : `: ${reason}`}`;
}

function verdictLines(verdict: Verdict | undefined, style: Style): readonly string[] {
  return (verdict?.findings ?? []).map((finding) => {
    return `      ${painted(finding.outcome, style)}  ${findingDetail(finding)}`;
  });
}

function painted(outcome: string, style: Style): string {
  if (outcome === "pass") return style.good(outcome);
  return outcome === "fail" ? style.bad(outcome) : style.faint(outcome);
}

function rollbackLines(rollback: RollbackStory, style: Style): readonly string[] {
  const { cause, by, reason, restores, routeRevision, routers, restoredMs, drainForced } = rollback;
  const after = (ms: number | undefined, what: string): string =>
    ms === undefined ? "not yet" : `after ${duration(ms)}: ${what}`;
  const drained = drainForced ? "what was left was redelivered" : "nothing was in flight any more";
  return [
    style.strong(`Taken back: ${cause}, by ${by}`),
    ...fields([
      ["Reason", reason],
      ["Since", `${instant(unixMs(rollback.since))}, ${sinceWhat(cause)}`],
      ["Safe", after(rollback.safeMs, "every process of it had closed")],
      [
        "Diverted",
        after(
          rollback.divertedMs,
          `${routers === 1 ? "the router" : `all ${routers} routers`} followed route revision ${routeRevision}`,
        ),
      ],
      [
        "Restored",
        restores === ""
          ? "nothing: no version was before it"
          : `${restores}, in the same revision${restoredMs === undefined ? "" : `, in force after ${duration(restoredMs)}`}`,
      ],
      ["Drained", rollback.drainMs === undefined ? "not yet" : `in ${duration(rollback.drainMs)}: ${drained}`],
      ["Complete", after(rollback.totalMs, "its processes were gone")],
    ]),
  ];
}

function sinceWhat(cause: string): string {
  if (cause === "manual") return "when it was asked for";
  return cause === "no_instance"
    ? "when nobody of it was there any more"
    : "when the message that was one too many was decided";
}
