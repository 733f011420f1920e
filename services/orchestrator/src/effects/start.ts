import { ensureAgentStreams } from "@caxton/bus/agent-streams";
import { decodeJson, encodeJson } from "@caxton/bus/json";
import { busy } from "@caxton/contracts/busy";
import { toCaxtonError } from "@caxton/contracts/errors";
import { type SlotStatus, VersionSpec } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import { busySubject, versionBucket, versionKey } from "@caxton/contracts/subjects";
import type { Deployment } from "@caxton/deployment/state";
import { deploymentOf, type EffectContext, type EffectResult } from "./effect-context.ts";
import { endShadow, forgetShadow } from "./shadow.ts";
import { slotsUntil } from "./slots.ts";
import { StandingInLine } from "./standing-in-line.ts";

const versionSpec = checker("version specification", VersionSpec);

/** Where no host said for so long that it bears no more, one has taken it. */
const nobodyBusyMs = 2_000;

/** Says that the version should run and waits until every instance is ready, or one says that it cannot be. */
export async function start(id: string, version: string, context: EffectContext): EffectResult {
  const { bus, agent, now } = context;
  const deployment = deploymentOf(context.state, id);
  const beganAtMs = now();
  const over = new AbortController();
  const signal = AbortSignal.any([context.signal, over.signal]);
  hearBusyHosts(deployment, version, { ...context, signal });
  async function started(): Promise<readonly SlotStatus[]> {
    await desire(deployment, version, "running", { ...context, signal });
    return await slotsUntil(bus, agent, version, signal, (all) => {
      const ready = all.filter((slot) => slot.state === "ready").length;
      return ready >= deployment.instances || all.some((slot) => slot.state === "failed");
    });
  }
  let slots: readonly SlotStatus[];
  try {
    // Hosts start it while its streams are looked for: nobody asks it anything before there is a route.
    [slots] = await Promise.all([started(), ensureAgentStreams(bus, agent, context.streams)]);
  } finally {
    over.abort();
  }
  const failed = slots.find((slot) => slot.state === "failed");
  if (failed === undefined) return { type: "version-ready", deployment: id, startMs: now() - beganAtMs };
  const failure = {
    stage: "start",
    code: failed.code ?? "version-failed",
    reason: failed.reason ?? "an instance did not start",
  };
  return { type: "version-failed", deployment: id, failure };
}

/** Hosts that bear no more say so once a second, until one of them takes it. */
function hearBusyHosts({ deployment }: Deployment, version: string, context: EffectContext): void {
  const { bus, agent, log, signal } = context;
  const line = new StandingInLine(deployment, context);
  let heardAtMs = performance.now();
  const notStored = (error: unknown): void =>
    log.warn(`what a host said of its line was not stored: ${toCaxtonError(error).message}`);
  const subscription = bus.subscribe(
    busySubject(agent, version),
    ({ data }) => {
      heardAtMs = performance.now();
      line.refused(busy.check(decodeJson(data))).catch(notStored);
    },
    { onError: notStored },
  );
  const timer = setInterval(() => {
    if (line.isWaiting && performance.now() - heardAtMs > nobodyBusyMs) line.turnCame().catch(notStored);
  }, nobodyBusyMs / 4);
  signal.addEventListener("abort", () => {
    clearInterval(timer);
    subscription.close();
  });
}

/** Says that the version should not run any more and waits until its last process is gone. */
export async function stop(id: string, version: string, context: EffectContext): EffectResult {
  const { bus, agent, signal } = context;
  const { strategy } = deploymentOf(context.state, id);
  if (strategy === "shadow") await endShadow(id, context);
  await desire(deploymentOf(context.state, id), version, "stopped", context);
  await slotsUntil(bus, agent, version, signal, (all) => all.length === 0);
  if (strategy === "shadow") await forgetShadow(id, context);
  await forgetLongGone(context);
  await forgetDeleted(context);
  return { type: "version-stopped", deployment: id };
}

/** So many of an agent's stopped versions are kept as such; an orchestrator would have to sleep through as many rollouts to start one again. */
const stoppedKept = 32;

/** Every host reads all specifications at its start, so those of long ago must not pile up. */
async function forgetLongGone({ bus, agent, state }: EffectContext): Promise<void> {
  const gone = Object.values(state.deployments).filter(({ processes }) => processes === "gone");
  gone.sort((left, right) => (right.ordinal ?? 0) - (left.ordinal ?? 0));
  const longGone = new Set(gone.slice(stoppedKept).map(({ version = "" }) => versionKey(agent, version)));
  if (longGone.size === 0) return;
  const bucket = await bus.kv(versionBucket);
  const keys = await bucket.keys(versionKey(agent, "*"));
  await Promise.all(keys.filter((key) => longGone.has(key)).map((key) => bucket.delete(key)));
}

/** Hosts that were away for longer read all of it when they come back. */
const markersKeptMs = 60_000;

async function forgetDeleted({ bus, agent }: EffectContext): Promise<void> {
  await (await bus.kv(versionBucket)).forgetDeleted(versionKey(agent, "*"), markersKeptMs);
}

/**
 * Hosts read this; written only where it says something new, so that carrying an effect out twice wakes nobody. A version
 * that was stopped stays in the bucket as stopped and never runs again: who still starts it comes too late, and nobody would stop it.
 */
async function desire(
  deployment: Deployment,
  version: string,
  desired: VersionSpec["desired"],
  { bus, agent, trace, signal }: EffectContext,
): Promise<void> {
  const bucket = await bus.kv(versionBucket);
  const key = versionKey(agent, version);
  const entry = await bucket.get(key);
  const known = entry === undefined ? undefined : versionSpec.check(decodeJson(entry.value)).desired;
  if (known === desired || known === "stopped") return;
  const spec: VersionSpec = {
    agent,
    version,
    deployment: deployment.deployment,
    digest: deployment.artifact.digest,
    configuration: deployment.configuration,
    limits: { ...deployment.limits },
    instances: deployment.instances,
    concurrency: deployment.concurrency,
    desired,
    ...(deployment.strategy === "shadow" ? { background: true } : {}),
    ...(trace.traceparent === undefined ? {} : { traceparent: trace.traceparent }),
  };
  signal.throwIfAborted();
  if (entry === undefined) await bucket.create(key, encodeJson(spec));
  else await bucket.update(key, encodeJson(spec), entry.revision);
}
