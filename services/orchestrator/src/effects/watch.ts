import { decodeJson, encodeJson } from "@caxton/bus/json";
import { toCaxtonError } from "@caxton/contracts/errors";
import { verdictSubject, watchSubject } from "@caxton/contracts/subjects";
import { watchAgainMs, type WatchRequest, watchedStep } from "@caxton/contracts/watched-step";
import type { Effect } from "@caxton/deployment/next";
import { deploymentOf, type EffectContext, type EffectResult } from "./effect-context.ts";

/** Nobody judges for so long: that is worth a line. */
const sayAloneAfterMs = 3_000;

/** Has the step judged until nobody asks for it any more, and says everything that the metrics-watchers find. */
export async function watch(effect: Effect & { kind: "watch" }, context: EffectContext): EffectResult {
  const { bus, agent, signal, log, tell } = context;
  const request = encodeJson(requestFor(effect, context));
  let heardAtMs = performance.now();
  let isAlone = false;
  const subscription = bus.subscribe(
    verdictSubject(agent),
    async ({ data }) => {
      const { deployment, step, verdict, breachedAtMs, experiment } = watchedStep.check(decodeJson(data));
      if (deployment !== effect.deployment || step !== effect.step || signal.aborted) return;
      heardAtMs = performance.now();
      const breach = breachedAtMs === undefined ? {} : { breachedAtMs };
      const counted = experiment === undefined ? {} : { experiment };
      await tell({ type: "verdict", deployment, step, verdict, ...breach, ...counted });
    },
    { onError: (error) => log.warn(`a verdict decided nothing, the next one may: ${toCaxtonError(error).message}`) },
  );
  const ask = (): void => {
    const silentMs = performance.now() - heardAtMs;
    if (silentMs > sayAloneAfterMs !== isAlone) {
      isAlone = !isAlone;
      if (isAlone) log.warn("no metrics-watcher judges the canary, its step is held: is one running?");
      else log.info("the canary is judged again");
    }
    try {
      bus.publish(watchSubject(agent), request);
    } catch (error) {
      log.debug(`the canary's watch was not asked for: ${toCaxtonError(error).message}`);
    }
  };
  try {
    await subscription.ready;
    ask();
    const timer = setInterval(ask, watchAgainMs);
    try {
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener("abort", () => resolve(), { once: true });
      });
    } finally {
      clearInterval(timer);
    }
  } finally {
    subscription.close();
  }
  return undefined;
}

function requestFor(effect: Effect & { kind: "watch" }, { state }: EffectContext): WatchRequest {
  const { step, version, stable, revision } = effect;
  const deployment = deploymentOf(state, effect.deployment);
  return {
    deployment: effect.deployment,
    step,
    version,
    stable,
    routeRevision: revision,
    sinceMs: deployment.stepStartedAtMs,
    rules: (deployment.judging?.rollbackOn ?? []).map((rule) => ({ ...rule })),
    ...(deployment.experiment === undefined ? {} : { measure: { ...deployment.experiment.measure } }),
  };
}
