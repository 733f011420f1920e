import { setTimeout as delay } from "node:timers/promises";
import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { shadowRecord, type ShadowReport, shadowSpec, type ShadowSpec } from "@caxton/contracts/shadow";
import { shadowBucket, shadowKey, shadowReportBucket } from "@caxton/contracts/subjects";
import type { Effect } from "@caxton/deployment/next";
import type { Deployment } from "@caxton/deployment/state";
import { deploymentOf, type EffectContext, type EffectResult } from "./effect-context.ts";

/** Its runner brings it to its end; where nobody does, it ends all the same after so long. */
const lateMs = 30_000;
const lookEveryMs = 500;
/** A report that is brought to its end after a shadow was stopped is waited for so long. */
const lastWordMs = 5_000;

/** Has a shadow compared until its time is over, or its runner says that it has ended. */
export async function shadow(effect: Effect & { kind: "shadow" }, context: EffectContext): EffectResult {
  const { bus, agent, now, signal } = context;
  const { deployment: id, version, undeployedAtMs } = effect;
  const endsAtMs = Math.min(effect.endsAtMs, undeployedAtMs ?? Infinity);
  const deployment = deploymentOf(context.state, id);
  await desire(bus, specOf(deployment, version, effect), signal);
  for (;;) {
    const report = await reportOf(bus, agent, id);
    if (report?.ending !== undefined) {
      const { cause, message } = report.ending;
      return { type: "shadow-over", deployment: id, cause, reason: message, summary: summaryOf(report) };
    }
    // One that is behind is still at work, and says so.
    if (now() > Math.max(endsAtMs, report?.asOfMs ?? 0) + lateMs) {
      const reason = `its time is over and nobody said anything for ${lateMs} ms; does the service shadow run?`;
      const found = report === undefined ? {} : { summary: summaryOf(report) };
      return { type: "shadow-over", deployment: id, cause: "unreported", reason, ...found };
    }
    await delay(lookEveryMs, undefined, { signal });
  }
}

/** Says that nothing more is wanted of it, and gives its runner the time to write its report. */
export async function endShadow(id: string, { bus, agent, state, signal }: EffectContext): Promise<void> {
  const bucket = await bus.kv(shadowBucket);
  const entry = await bucket.get(shadowKey(agent, id));
  if (entry === undefined) return;
  await desire(bus, { ...shadowSpec.check(decodeJson(entry.value)), state: "ended" }, signal);
  const untilMs = performance.now() + (state.deployments[id]?.shadowEnd?.cause === "stopped" ? lastWordMs : 0);
  while (performance.now() < untilMs && (await reportOf(bus, agent, id))?.ending === undefined) {
    await delay(lookEveryMs / 5, undefined, { signal });
  }
}

/** So many of an agent's reports are kept. */
const reportsKept = 32;
/** Services that were away for longer read all of it when they come back. */
const markersKeptMs = 60_000;

/** Of one whose processes are gone nothing is left but its report, and of those only the newest. */
export async function forgetShadow(id: string, { bus, agent, state }: EffectContext): Promise<void> {
  const specs = await bus.kv(shadowBucket);
  const key = shadowKey(agent, id);
  if ((await specs.get(key)) !== undefined) await specs.delete(key);
  await specs.forgetDeleted(shadowKey(agent, "*"), markersKeptMs);
  const shadows = Object.values(state.deployments).filter(({ shadow: settings }) => settings !== undefined);
  const newest = shadows.toSorted((one, other) => other.requestedAtMs - one.requestedAtMs);
  const reports = await bus.kv(shadowReportBucket);
  // Those before them went when they became too old.
  for (const { deployment } of newest.slice(reportsKept, reportsKept + 8))
    await reports.forget(shadowKey(agent, deployment));
}

function specOf(
  deployment: Deployment,
  version: string,
  { endsAtMs, undeployedAtMs }: Effect & { kind: "shadow" },
): ShadowSpec {
  const { shadow: settings, limits, stepStartedAtMs, agent, deployment: id } = deployment;
  if (settings === undefined) throw new TypeError(`deployment ${id} is no shadow`);
  return {
    agent,
    deployment: id,
    version,
    settings: { ...settings, compare: [...settings.compare], ignore: [...settings.ignore] },
    messageTimeoutMs: limits.messageTimeoutMs,
    startedAtMs: stepStartedAtMs,
    endsAtMs,
    ...(undeployedAtMs === undefined ? {} : { undeployedAtMs }),
    state: "running",
  };
}

/** Written only where it says something new; one that has ended does not begin again, and one that was bounded stays so. */
async function desire(bus: Bus, spec: ShadowSpec, signal: AbortSignal): Promise<void> {
  const bucket = await bus.kv(shadowBucket);
  const key = shadowKey(spec.agent, spec.deployment);
  const entry = await bucket.get(key);
  signal.throwIfAborted();
  if (entry === undefined) {
    await bucket.create(key, encodeJson(spec));
    return;
  }
  const known = shadowSpec.check(decodeJson(entry.value));
  const isBounded = known.undeployedAtMs !== undefined || spec.undeployedAtMs === undefined;
  if ((known.state === spec.state && isBounded) || known.state === "ended") return;
  const bound = known.undeployedAtMs === undefined ? {} : { undeployedAtMs: known.undeployedAtMs };
  await bucket.update(key, encodeJson({ ...spec, ...bound } satisfies ShadowSpec), entry.revision);
}

async function reportOf(bus: Bus, agent: string, id: string): Promise<ShadowReport | undefined> {
  const entry = await (await bus.kv(shadowReportBucket)).get(shadowKey(agent, id));
  return entry && shadowRecord.check(decodeJson(entry.value)).report;
}

function summaryOf({ messages }: ShadowReport) {
  const { compared, equal, different, failed, missed } = messages;
  return { compared, equal, different, failed, missed };
}
