import { decodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { verdictSubject } from "@caxton/contracts/subjects";
import { type WatchedStep, watchedStep } from "@caxton/contracts/watched-step";

/** Each metrics-watcher speaks every quarter of a second; one of them is enough. */
const restMs = 200;

/**
 * What metrics-watchers see of a deployment's steps, the newest where several wait, until `signal` aborts. Without a
 * metrics-watcher it is silent.
 */
export async function* stepProgress(
  bus: Bus,
  agent: string,
  deployment: string,
  signal: AbortSignal,
): AsyncGenerator<WatchedStep> {
  let newest: WatchedStep | undefined;
  let wake = (): void => undefined;
  let takenAtMs = -Infinity;
  let outcome = "";
  const subscription = bus.subscribe(
    verdictSubject(agent),
    ({ data }) => {
      const seen = watchedStep.check(decodeJson(data));
      if (seen.deployment !== deployment) return;
      if (performance.now() - takenAtMs < restMs && seen.verdict.outcome === outcome) return;
      newest = seen;
      wake();
    },
    // What cannot be read is nobody's progress; the orchestrator logs it.
    { onError: () => undefined },
  );
  const giveUp = (): void => wake();
  signal.addEventListener("abort", giveUp);
  try {
    while (!signal.aborted) {
      const seen = newest;
      newest = undefined;
      if (seen === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      takenAtMs = performance.now();
      outcome = seen.verdict.outcome;
      yield seen;
    }
  } finally {
    signal.removeEventListener("abort", giveUp);
    subscription.close();
  }
}
