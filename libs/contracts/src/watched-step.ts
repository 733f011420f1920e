import Type, { type Static } from "./type.ts";
import { ExperimentTally, Measure } from "./experiment.ts";
import { Rule, Verdict } from "./judging.ts";
import { checker } from "./schema.ts";

const Count = Type.Integer({ minimum: 0 });
const count = (description: string) => Type.Integer({ minimum: 0, description });

/**
 * On `caxton.watch.<agent>`, said every `watchAgainMs` by the orchestrator that wants to know, to all metrics-watchers. One
 * that hears it for the first time, after a restart too, counts from the step's beginning out of the stored outcomes.
 */
export const WatchRequest = Type.Object({
  deployment: Type.String(),
  /** Index into the plan. */
  step: Count,
  version: Type.String(),
  stable: Type.String(),
  /** Attempts under this revision of the route and later ones count. */
  routeRevision: Count,
  sinceMs: Type.Number({ description: "Not later than the first of them, Unix ms." }),
  rules: Type.Array(Rule),
  measure: Type.Optional(Measure),
});
export type WatchRequest = Static<typeof WatchRequest>;
export const watchRequest = checker("watch request", WatchRequest);

export const watchAgainMs = 500;
/** A watcher that did not hear a request for so long has forgotten it. */
export const watchForgottenAfterMs = 5_000;

/** What happened to messages since the step began, by what it means for the canary. */
export const StepCounts = Type.Object({
  handled: count("Handled by the canary."),
  failed: count("The canary failed and the stable version did not, or was not asked: what judges the canary."),
  fallbacks: count("Of those, handled by the stable version in the same delivery."),
  messageAtFault: count("Both failed: the message's fault."),
  overflow: count("Meant for the canary, which was full or away."),
  stableHandled: count("Handled by the stable version on its own share."),
  stableFailed: count("Failed there."),
});
export type StepCounts = Static<typeof StepCounts>;

/**
 * On `caxton.verdicts.<agent>`: what a metrics-watcher finds, at once when it fails, and every quarter of a second in any case,
 * so that whoever missed one hears the next.
 */
export const WatchedStep = Type.Object({
  watcher: Type.String(),
  deployment: Type.String(),
  step: Count,
  verdict: Verdict,
  breachedAtMs: Type.Optional(
    Type.Number({
      description: "When the outcome that was one too many was decided, Unix ms; where the verdict is fail.",
    }),
  ),
  counts: StepCounts,
  /** Of an A/B test, once all that is stored was counted. */
  experiment: Type.Optional(ExperimentTally),
});
export type WatchedStep = Static<typeof WatchedStep>;
export const watchedStep = checker("watched step", WatchedStep);

/** On `caxton.inflight.<agent>`, by each router while its route has a canary, every quarter of a second. */
export const InFlight = Type.Object({
  router: Type.String(),
  version: Type.String(),
  routeRevision: Count,
  /** How long each message has been at the version, ms, the oldest first; not more than `inFlightMax`. */
  agesMs: Type.Array(Type.Number({ minimum: 0 })),
});
export type InFlight = Static<typeof InFlight>;
export const inFlight = checker("messages in flight", InFlight);
export const inFlightMax = 1_024;
