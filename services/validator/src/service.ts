import type { Bus, BusMessage } from "@caxton/bus/types";
import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Busy } from "@caxton/contracts/busy";
import { CaxtonError, toCaxtonError } from "@caxton/contracts/errors";
import { canonicalJson } from "@caxton/contracts/fingerprint";
import { checker } from "@caxton/contracts/schema";
import { header, validateSubject } from "@caxton/contracts/subjects";
import { parseTraceparent } from "@caxton/contracts/trace-context";
import { failureOf, type ValidateAnswer, ValidateRequest, type ValidationReport } from "@caxton/contracts/validation";
import type { Logger } from "@caxton/telemetry/logger";
import { WaitingLine } from "@caxton/service/waiting-line";
import { keepCacheTidy } from "@caxton/service/tidy-cache";
import { idleComponents, removeComponents } from "@caxton/wasm-agent/sweep-cache";
import { closeToolchain, keepToolchainReady } from "@caxton/wasm-agent/toolchain";
import { openSandboxes } from "./sandbox/sandboxes.ts";
import { Descriptions } from "./stages/descriptions.ts";
import type { ValidatorContext } from "./stages/stage-context.ts";
import { validate } from "./stages/validate.ts";
import { Verdicts } from "./stages/verdicts.ts";

export interface ValidatorOptions {
  readonly bus: Bus;
  readonly log: Logger;
  readonly id: string;
  /** Where prepared components are kept; nobody else may write there. */
  readonly cacheDir: string;
  /** How long one stays there that no version names any more; for ever unless given. */
  readonly cacheRetentionMs?: number;
  /** How many are validated at once; 2 unless given. */
  readonly maxConcurrent?: number;
  /** A validation that takes longer fails as `validation-timeout`; 30 000 unless given. */
  readonly validationTimeoutMs?: number;
}

export const defaultMaxConcurrent = 2;
export const defaultValidationTimeoutMs = 30_000;

const validateRequest = checker("the validation request", ValidateRequest, "invalid-argument");

/** Answers on `caxton.validate`, one of a queue group: an artifact in, the ADR's ValidationReport out. */
export async function startValidator(options: ValidatorOptions): Promise<{ close(): Promise<void> }> {
  const {
    bus,
    log,
    cacheDir,
    maxConcurrent = defaultMaxConcurrent,
    validationTimeoutMs = defaultValidationTimeoutMs,
  } = options;
  const closing = new AbortController();
  keepToolchainReady();
  const tidying = keepCacheTidy({
    bus,
    log,
    retentionMs: options.cacheRetentionMs,
    signal: closing.signal,
    idle: (inUse, retentionMs) => idleComponents({ cacheDir, inUse, retentionMs, nowMs: Date.now() }),
    remove: (components) => removeComponents(cacheDir, components),
  });
  const sandboxes = await openSandboxes(cacheDir);
  const context: ValidatorContext = { bus, cacheDir, sandboxes, descriptions: new Descriptions() };
  const line = new WaitingLine();
  /** Who asks again while the answer is being found gets the same one. */
  const underWay = new Map<string, Promise<ValidationReport>>();

  const verdicts = new Verdicts();

  async function bounded(request: ValidateRequest): Promise<ValidationReport> {
    const limit = new AbortController();
    const message = `the validation did not end within ${validationTimeoutMs} ms`;
    const timer = setTimeout(() => limit.abort(new CaxtonError("validation-timeout", message)), validationTimeoutMs);
    try {
      return await validate(request, context, AbortSignal.any([limit.signal, closing.signal]));
    } finally {
      clearTimeout(timer);
    }
  }

  /** Who is refused asks again, and has its place in line meanwhile. */
  function busyFor(key: string): Busy | undefined {
    const { place, waiting } = line.placeOf(key, performance.now());
    if (place <= maxConcurrent - underWay.size) {
      line.leave(key);
      return undefined;
    }
    const reason = `validator ${options.id} bears ${maxConcurrent} at once: ${underWay.size} under way, ${place - 1} before it in line`;
    return { who: options.id, place, waiting, reason };
  }

  async function reportOn(request: ValidateRequest): Promise<ValidateAnswer> {
    const key = canonicalJson(request);
    const known = underWay.get(key);
    if (known !== undefined) return known;
    const startedMs = performance.now();
    const before = verdicts.get(request);
    if (before !== undefined) return { ...before, cached: true, durationMs: performance.now() - startedMs };
    const busy = busyFor(key);
    if (busy !== undefined) return { busy };
    const report = bounded(request).finally(() => underWay.delete(key));
    report.then(
      (found) => verdicts.set(request, found),
      () => undefined,
    );
    underWay.set(key, report);
    return report;
  }

  async function answerTo({ data, headers }: BusMessage): Promise<ValidateAnswer> {
    let ids: Record<string, string> = {};
    try {
      const request = validateRequest.check(parse(data));
      ids = {
        deployment_id: request.deployment,
        agent_id: request.agent,
        digest: request.digest,
        ...traceField(headers[header.traceparent]),
      };
      const answer = await reportOn(request);
      if ("passed" in answer) logReport(log, ids, answer);
      return answer;
    } catch (thrown) {
      const { code, message, stack } = toCaxtonError(thrown);
      const expected = code !== "internal";
      log[expected ? "warn" : "error"]({ ...ids, code, ...(expected ? {} : { stack }) }, `no verdict: ${message}`);
      return { error: { code, message } };
    }
  }

  const subscription = bus.subscribe(
    validateSubject,
    async (message) => message.respond(encodeJson(await answerTo(message))),
    { queue: "validator", onError: (err) => log.error({ err }, "a verdict could not be answered") },
  );
  await subscription.ready;
  return {
    async close() {
      closing.abort(new CaxtonError("service-unavailable", "this validator is stopping: ask again"));
      const drained = subscription.drain();
      await sandboxes.close();
      await Promise.all([drained, tidying]);
      closeToolchain();
    },
  };
}

function traceField(traceparent: string | undefined): Record<string, string> {
  const context = parseTraceparent(traceparent);
  return context === undefined ? {} : { trace_id: context.traceId };
}

function logReport(log: Logger, ids: Record<string, string>, report: ValidationReport): void {
  const failure = failureOf(report);
  const { cached, durationMs, passed } = report;
  const why = failure === undefined ? {} : { stage: failure.stage, code: failure.finding.code };
  const fields = { ...ids, passed, cached, duration_ms: Math.round(durationMs), ...why };
  log.info(fields, failure === undefined ? "validation passed" : `validation failed: ${failure.finding.message}`);
}

function parse(data: Uint8Array): unknown {
  try {
    return decodeJson(data);
  } catch (error) {
    throw new CaxtonError("invalid-argument", "the validation request is not JSON", { cause: error });
  }
}
