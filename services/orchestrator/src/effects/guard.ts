import { setTimeout as delay } from "node:timers/promises";
import { askVersion } from "@caxton/bus/ask-version";
import { decodeJson } from "@caxton/bus/json";
import { InstanceExit } from "@caxton/contracts/agent-run";
import { checker } from "@caxton/contracts/schema";
import { instanceExitSubject } from "@caxton/contracts/subjects";
import type { Effect } from "@caxton/deployment/next";
import { Absence } from "../core/absence.ts";
import type { EffectContext, EffectResult } from "./effect-context.ts";

const instanceExit = checker("instance exit", InstanceExit);
const lookEveryMs = 250;
const lookAgainMs = 50;
const probeTimeoutMs = 500;

/**
 * While the version before is warm: whether anybody is there to take the messages of the new one. Says so when nobody was
 * for `backAfterMs`, or its processes end again and again, and the version before does answer.
 */
export async function guard(effect: Effect & { kind: "guard" }, context: EffectContext): EffectResult {
  const { bus, agent, now, signal } = context;
  const { version, before, backAfterMs } = effect;
  const absence = new Absence(backAfterMs);
  let woken = new AbortController();
  const exits = bus.subscribe(
    instanceExitSubject(agent, version),
    ({ data }) => {
      absence.exited(instanceExit.check(decodeJson(data)).reason);
      woken.abort();
    },
    { onError: () => undefined },
  );
  try {
    await exits.ready;
    while (!signal.aborted) {
      woken = new AbortController();
      const askedAtMs = now();
      absence.asked(await probe(version), askedAtMs, now());
      const { lost } = absence;
      if (lost !== undefined && (await probe(before)) === "there")
        return { type: "version-lost", deployment: effect.deployment, ...lost };
      const restMs = absence.isAway ? lookAgainMs : lookEveryMs;
      await delay(restMs, undefined, { signal: AbortSignal.any([signal, woken.signal]) }).catch(() => undefined);
    }
  } finally {
    exits.close();
  }
  return undefined;

  /** An empty request is answered at once by whoever lives, whatever the route says (libs/contracts/src/agent-run.ts). */
  async function probe(asked: string): Promise<"there" | "nobody" | "silence" | "unknown"> {
    const times = { budgetMs: probeTimeoutMs, timeoutMs: probeTimeoutMs };
    const reply = await askVersion(bus, {
      agent,
      version: asked,
      routeRevision: 0,
      ...times,
      messages: [],
      gone: signal,
    });
    if (reply.kind === "answer") return "there";
    if (reply.kind === "silence") return "silence";
    return reply.kind === "nobody" && reply.error.code === "no-instance" ? "nobody" : "unknown";
  }
}
