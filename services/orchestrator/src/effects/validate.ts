import { setTimeout as delay } from "node:timers/promises";
import { decodeJson, encodeJson } from "@caxton/bus/json";
import { CaxtonError, hasCode, isErrorCode } from "@caxton/contracts/errors";
import { isAgentName } from "@caxton/contracts/names";
import { checker } from "@caxton/contracts/schema";
import { validateSubject } from "@caxton/contracts/subjects";
import { failureOf, ValidateAnswer, type ValidateRequest, type ValidationReport } from "@caxton/contracts/validation";
import type { Deployment } from "@caxton/deployment/state";
import { deploymentOf, type EffectContext, type EffectResult } from "./effect-context.ts";

const validateAnswer = checker("validation answer", ValidateAnswer);
/** A validator that died is asked again after so long; another one may answer. */
const attemptTimeoutMs = 20_000;
const pauseMs = 200;

/** Asks a validator, again and again until one answers; the step's deadline is the domain's to keep. */
export async function validate(id: string, context: EffectContext): EffectResult {
  const deployment = deploymentOf(context.state, id);
  const request = encodeJson(requestFor(deployment, context));
  for (;;) {
    try {
      return toReport(await ask(request, context), deployment);
    } catch (error) {
      if (hasCode(error, "no-instance", "timeout", "bus-unavailable", "service-unavailable")) {
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

async function ask(request: Uint8Array, { bus, trace, signal }: EffectContext): Promise<ValidationReport> {
  const message = await bus.request(validateSubject, request, {
    headers: { ...trace },
    timeoutMs: attemptTimeoutMs,
    signal,
  });
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
