import { type CaxtonError, hasCode, toCaxtonError } from "@caxton/contracts/errors";
import type { AgentDescription } from "@caxton/contracts/agent-description";
import type { Finding, StageName, ValidateRequest, ValidationReport } from "@caxton/contracts/validation";
import { parseDescription } from "@caxton/wasm-agent/description";
import { prepareComponent } from "@caxton/wasm-agent/prepare";
import { fetchArtifact } from "../adapters/artifacts.ts";
import { errorFinding, findingOf } from "../core/findings.ts";
import { noFacts, type StageOutcome, stageReport, type StageReports, validationReport } from "../core/report.ts";
import { contractsStage } from "./contracts-stage.ts";
import { resourcesStage } from "./resources-stage.ts";
import type { StageContext, ValidatorContext } from "./stage-context.ts";
import { staticStage } from "./static-stage.ts";

/** How often a sandbox may die without saying why before that is the agent's fault: the first time it may be ours. */
const maxCrashes = 2;

/**
 * The ADR's four stages in order, each timed, up to the first that fails.
 * @param signal ends it; its reason, a CaxtonError, is then a finding (`validation-timeout`) or thrown
 * @throws CaxtonError where there is no verdict: `unknown-artifact`, the bus is away, a fault of ours
 */
export async function validate(
  request: ValidateRequest,
  context: ValidatorContext,
  signal: AbortSignal,
): Promise<ValidationReport> {
  for (let crashes = 1; ; crashes += 1) {
    const sandbox = context.sandboxes.take();
    const onAbort = () => void sandbox.close(toCaxtonError(signal.reason));
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await runStages({ ...context, request, sandbox }, signal, crashes === maxCrashes);
    } catch (error) {
      if (!hasCode(error, "agent-crash") || crashes === maxCrashes) throw error;
    } finally {
      signal.removeEventListener("abort", onAbort);
      await sandbox.close();
    }
  }
}

async function runStages(context: StageContext, signal: AbortSignal, blameCrash: boolean): Promise<ValidationReport> {
  const { request, sandbox, cacheDir } = context;
  const { digest, limits, configuration } = request;
  const startedMs = performance.now();
  const run = runner(signal, blameCrash);
  let stages: StageReports = {};
  let cached = false;
  let bytes: Uint8Array = new Uint8Array();
  let startMs = 0;
  let descriptionText = "";
  let description: AgentDescription | undefined;

  const checked = await run("static", async () => {
    bytes = await fetchArtifact(context.bus, digest);
    return staticStage(request, bytes, cacheDir);
  });
  const report = () =>
    validationReport({
      digest,
      durationMs: performance.now() - startedMs,
      cached,
      description,
      stages: { static: checked, ...stages },
    });
  if (!checked.passed) return report();

  const started = await run("sandbox", async () => {
    const { memoryMaxBytes } = limits;
    const prepared = await prepareComponent({ bytes, digest, cacheDir, memoryMaxBytes });
    ({ cached } = prepared);
    ({ startMs, descriptionText } = await sandbox.start({ preparedDir: prepared.folder, configuration, ...limits }));
    return { findings: [], facts: { startMs } };
  });
  stages = { ...stages, sandbox: started };
  if (!started.passed) return report();

  const contracts = await run("contracts", async () => {
    const parsed = parseDescription(descriptionText);
    description = parsed;
    return contractsStage(context, parsed);
  });
  stages = { ...stages, contracts };
  if (!contracts.passed || description === undefined) return report();

  const described = description;
  const resources = await run("resources", () => resourcesStage(context, described, startMs));
  stages = { ...stages, resources };
  if (resources.passed) context.descriptions.set(digest, described);
  return report();
}

/** Runs a stage, times it, and makes findings of what it throws about the artifact. */
function runner(signal: AbortSignal, blameCrash: boolean) {
  return async function run<Name extends StageName>(name: Name, stage: () => Promise<StageOutcome<Name>>) {
    const startedMs = performance.now();
    let outcome: StageOutcome<Name>;
    try {
      outcome = await Promise.race([stage(), rejection(signal)]);
    } catch (thrown) {
      const finding = findingIn(toCaxtonError(thrown), name, blameCrash);
      if (finding === undefined) throw thrown;
      outcome = { findings: [finding], facts: noFacts[name] };
    }
    return stageReport(outcome, performance.now() - startedMs);
  };
}

function findingIn(error: CaxtonError, stage: StageName, blameCrash: boolean): Finding | undefined {
  if (error.code !== "agent-crash" || !blameCrash) return findingOf(error);
  return errorFinding(stage === "sandbox" ? "start-failed" : "example-failed", `${error.message}, twice`);
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(toCaxtonError(signal.reason));
    else signal.addEventListener("abort", () => reject(toCaxtonError(signal.reason)), { once: true });
  });
}
