import { setTimeout as delay } from "node:timers/promises";
import type { Effect } from "@caxton/deployment/next";
import { close, drain } from "./drain.ts";
import { guard } from "./guard.ts";
import type { EffectContext, EffectResult } from "./effect-context.ts";
import { closeInbox, emptyInbox } from "./inbox.ts";
import { redrive } from "./redrive.ts";
import { applyRoute } from "./route.ts";
import { shadow } from "./shadow.ts";
import { start, stop } from "./start.ts";
import { validate } from "./validate.ts";
import { warmUp } from "./warm-up.ts";
import { watch } from "./watch.ts";
import { way } from "./way.ts";

/** Timers longer than this fire early and are set again; Node's own bound is 2^31 - 1 ms. */
const timerMaxMs = 2 ** 31 - 1;

export async function carryOut(effect: Effect, context: EffectContext): EffectResult {
  switch (effect.kind) {
    case "validate":
      return validate(effect.deployment, context);
    case "start":
      return start(effect.deployment, effect.version, context);
    case "warm-up":
      return warmUp(effect, context);
    case "guard":
      return guard(effect, context);
    case "route":
      return applyRoute(effect.revision, context);
    case "drain":
      return drain(effect.deployment, effect.version, effect.revision, effect.deadlineAtMs, context);
    case "stop":
      return stop(effect.deployment, effect.version, context);
    case "close":
      return close(effect.deployment, effect.version, effect.revision, context);
    case "watch":
      return watch(effect, context);
    case "redrive":
      return redrive(effect, context);
    case "shadow":
      return shadow(effect, context);
    case "cleanup":
      await waitUntil(effect.atMs, context);
      return { type: "cleanup-over", deployment: effect.deployment };
    case "close-inbox":
      return closeInbox(effect.deployment, context);
    case "empty-inbox":
      return emptyInbox(effect.deployment, context);
    case "way":
      return way(effect.deployment, context);
    case "expire":
      await waitUntil(effect.atMs, context);
      return { type: "step-expired", deployment: effect.deployment, step: effect.step };
  }
}

async function waitUntil(atMs: number, { signal, now }: EffectContext): Promise<void> {
  for (let leftMs = atMs - now(); leftMs > 0; leftMs = atMs - now()) {
    await delay(Math.min(leftMs, timerMaxMs), undefined, { signal });
  }
}
