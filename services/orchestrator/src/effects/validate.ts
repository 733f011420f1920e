import { setTimeout as delay } from "node:timers/promises";
import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { CaxtonError, hasCode, isErrorCode } from "@caxton/contracts/errors";
import { isAgentName } from "@caxton/contracts/names";
import type { ServicePresence } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import { validateSubject } from "@caxton/contracts/subjects";
import { failureOf, ValidateAnswer, type ValidateRequest, type ValidationReport } from "@caxton/contracts/validation";
import type { Deployment } from "@caxton/deployment/state";
import { livingServices } from "@caxton/service/presence";
import { deploymentOf, type EffectContext, type EffectResult } from "./effect-context.ts";
import { StandingInLine } from "./standing-in-line.ts";

type Answered = Exclude<ValidateAnswer, { readonly error: unknown }>;

const validateAnswer = checker("validation answer", ValidateAnswer);
/** Longer than any validation takes. */
const attemptTimeoutMs = 20_000;
const pauseMs = 200;
const askAgainMs = 500;
/** Who is busy says so sooner: whose answer stays away for so long is at work. */
const isAtWorkMs = 1_500;
const lookForDeathsMs = 1_000;

/** Asks a validator, again and again until one answers; the step's deadline is the domain's to keep. */
export async function validate(id: string, context: EffectContext): EffectResult {
  const deployment = deploymentOf(context.state, id);
  const request = encodeJson(requestFor(deployment, context));
  const line = new StandingInLine(id, context);
  for (;;) {
    try {
      const answer = await ask(request, context, line);
      if (!("busy" in answer)) return toReport(answer, deployment);
      await line.refused(answer.busy);
      await delay(askAgainMs, undefined, { signal: context.signal });
    } catch (error) {
      context.signal.throwIfAborted();
      if (hasCode(error, "no-instance", "timeout", "bus-unavailable", "service-unavailable", "cancelled")) {
        await delay(pauseMs, undefined, { signal: context.signal });
        continue;
      }
      throw error;
    }
  }
}

function requestFor(deployment: Deployment, { state, agent }: EffectContext): ValidateRequest {
  const live = state.active === undefined ? undefined : state.deployments[state.active];
  return {
    deployment: deployment.deployment,
    agent,
    digest: deployment.artifact.digest,
    configuration: deployment.configuration,
    limits: { ...deployment.limits },
    ...(live?.version === undefined ? {} : { live: { version: live.version, digest: live.artifact.digest } }),
    ...(deployment.allowBreaking === undefined ? {} : { allowBreaking: deployment.allowBreaking }),
  };
}

async function ask(
  request: Uint8Array,
  { bus, log, trace, signal }: EffectContext,
  line: StandingInLine,
): Promise<Answered> {
  const atWork = setTimeout(() => {
    line.turnCame().catch((error: unknown) => log.warn(`that its turn came was not stored: ${String(error)}`));
  }, isAtWorkMs);
  const over = new AbortController();
  const died = new AbortController();
  oneDies(bus, over.signal).then(
    (who) => {
      log.warn(`validator ${who} is gone, it may have been the one that was asked: another is asked`);
      died.abort();
    },
    () => undefined,
  );
  try {
    return await answered(request, bus, trace, AbortSignal.any([signal, died.signal]));
  } finally {
    clearTimeout(atWork);
    over.abort();
  }
}

/** Which of the validators that are alive now is the first that is not any more. @throws what `signal` is aborted with */
async function oneDies(bus: Bus, signal: AbortSignal): Promise<string> {
  const before = await livingServices(bus, "validator");
  for (;;) {
    await delay(lookForDeathsMs, undefined, { signal });
    const now = await livingServices(bus, "validator").catch(() => before);
    const gone = before.find((one) => !now.some((living) => isSame(one, living)));
    if (gone !== undefined) return gone.id;
  }
}

async function answered(
  request: Uint8Array,
  bus: Bus,
  trace: EffectContext["trace"],
  signal: AbortSignal,
): Promise<Answered> {
  const headers = { ...trace };
  const message = await bus.request(validateSubject, request, { headers, timeoutMs: attemptTimeoutMs, signal });
  const answer = validateAnswer.check(decodeJson(message.data));
  if (!("error" in answer)) return answer;
  const { code } = answer.error;
  throw new CaxtonError(isErrorCode(code) ? code : "internal", answer.error.message);
}

function toReport(report: ValidationReport, deployment: Deployment): Awaited<EffectResult> {
  const id = deployment.deployment;
  const failed = failureOf(report);
  if (report.passed && failed === undefined) {
    const declared = report.description?.shortName ?? deployment.agent;
    const shortName = isAgentName(declared) ? declared : deployment.agent;
    return { type: "validation-passed", deployment: id, shortName, report };
  }
  const failure =
    failed === undefined
      ? { stage: "static", code: "internal", reason: "the validator refused without saying why" }
      : { stage: failed.stage, code: failed.finding.code, reason: failed.finding.message };
  return { type: "validation-failed", deployment: id, failure, report };
}

/** Who comes back under its name knows nothing of what was asked before. */
function isSame(one: ServicePresence, other: ServicePresence): boolean {
  return one.id === other.id && one.startedAtMs === other.startedAtMs;
}
