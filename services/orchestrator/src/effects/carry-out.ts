import { setTimeout as delay } from "node:timers/promises";
import type { Effect } from "@caxton/deployment/next";
import { drain } from "./drain.ts";
import type { EffectContext, EffectResult } from "./effect-context.ts";
import { applyRoute } from "./route.ts";
import { start, stop } from "./start.ts";
import { validate } from "./validate.ts";

/** Timers longer than this fire early and are set again; Node's own bound is 2^31 - 1 ms. */
const timerMaxMs = 2 ** 31 - 1;

export function carryOut(effect: Effect, context: EffectContext): EffectResult {
  switch (effect.kind) {
    case "validate":
      return validate(effect.deployment, context);
    case "start":
      return start(effect.deployment, effect.version, context);
    case "route":
      return applyRoute(effect.revision, context);
    case "drain":
      return drain(effect.deployment, effect.version, effect.revision, effect.deadlineAtMs, context);
    case "stop":
      return stop(effect.deployment, effect.version, context);
    case "expire":
      return expire(effect, context);
  }
}

async function expire(effect: Effect & { kind: "expire" }, { signal, now }: EffectContext): EffectResult {
  for (let leftMs = effect.atMs - now(); leftMs > 0; leftMs = effect.atMs - now()) {
    await delay(Math.min(leftMs, timerMaxMs), undefined, { signal });
  }
  return { type: "step-expired", deployment: effect.deployment, step: effect.step };
}
