import { versionNames } from "@caxton/contracts/version-names";
import type { DeploymentEvent } from "@caxton/deployment/event";
import { verdictText } from "@caxton/deployment/judging-text";
import type { Failure } from "@caxton/deployment/state";
import type { WarmUp } from "@caxton/deployment/warm-up";
import { type Attributes, type Chapter, endOf, partOf, wholeId } from "./chapter.ts";
import { StepChapters } from "./step-chapters.ts";
import { stageTimes } from "./stage-times.ts";
import { verdictMetrics, verdictSamples } from "./verdict-metrics.ts";
import { WayBack } from "./way-back.ts";

type Requested = DeploymentEvent & { readonly type: "DeploymentRequested" };
type Later = Exclude<DeploymentEvent, Requested>;
type Of<Type extends Later["type"]> = Later & { readonly type: Type };

/** After these nothing is told any more. */
const ends: ReadonlySet<DeploymentEvent["type"]> = new Set([
  "ValidationFailed",
  "DeploymentFailed",
  "DeploymentRolledBack",
  "DeploymentRetired",
]);

/**
 * Makes the ADR's tree of spans of each deployment from its events, whoever decided them and however often its
 * orchestrator was replaced (ADR, Observability).
 */
export class DeploymentStories {
  readonly #stories = new Map<string, DeploymentStory>();

  /** @returns the chapters that this event ends; parts stand before what they are parts of */
  enter(event: DeploymentEvent): readonly Chapter[] {
    if (event.type === "DeploymentRequested") {
      this.#stories.set(event.deployment, new DeploymentStory(event));
      return [];
    }
    const chapters = this.#stories.get(event.deployment)?.enter(event) ?? [];
    if (ends.has(event.type)) this.#stories.delete(event.deployment);
    return chapters;
  }
}

class DeploymentStory {
  readonly #requested: Requested;
  readonly #steps = new StepChapters();
  #startedAtMs: number;
  #validatedAtMs = 0;
  #version: Attributes = {};
  #isWatched = false;
  #isComplete = false;
  #back: WayBack | undefined;

  constructor(requested: Requested) {
    this.#requested = requested;
    this.#startedAtMs = requested.atMs;
  }

  enter(event: Later): readonly Chapter[] {
    const chapters = this.#chapters(event);
    return chapters.map((chapter) => ({ ...chapter, attributes: { ...this.#version, ...chapter.attributes } }));
  }

  #chapters(event: Later): readonly Chapter[] {
    const { atMs } = event;
    switch (event.type) {
      case "DeploymentStarted":
        return this.#started(event);
      case "ValidationPassed":
        this.#validatedAtMs = atMs;
        this.#version = versionNames(event.version);
        return stageChapters(event.report, this.#startedAtMs, atMs);
      case "ValidationFailed":
        return [...stageChapters(event.report, this.#startedAtMs, atMs), this.#whole(atMs, textOf(event.failure))];
      case "VersionReady":
        return [endOf(partOf("deployment.start", this.#validatedAtMs), atMs), ...this.#ready(atMs)];
      case "VersionWarmedUp":
        return this.#noted(warmUpAttributes(event.warmUp));
      case "DeploymentFailed":
        return this.#failed(event);
      case "RouteChanged":
        return this.#back?.routeChanged(event) ?? this.#shifted(event);
      case "RouteApplied":
        return this.#back?.routeApplied(event) ?? this.#noted({ routers: event.routers, applied_ms: event.appliedMs });
      case "ApprovalAwaited":
        return this.#awaited(event);
      case "VerdictReached":
        return this.#judged(event);
      case "RolloutPaused":
        return this.#steps.wait("pause", atMs, { actor: event.actor, reason: event.reason });
      case "RolloutResumed":
        return this.#steps.endWait(atMs);
      case "StepApproved":
        return this.#noted({ decision: "approved", actor: event.actor, reason: event.reason });
      case "CanaryPromoted":
        return this.#noted({ decision: "promoted", full: event.full, actor: event.actor, reason: event.reason });
      case "DeploymentCompleted":
        return this.#completed(atMs);
      case "ShadowEnded":
        this.#noted({ cause: event.cause, ...event.summary });
        return [...this.#steps.end(atMs), this.#whole(atMs)];
      case "RollbackStarted":
        this.#back = new WayBack(event);
        return this.#steps.end(atMs, event.reason);
      case "VersionClosed":
        return this.#back?.closed(event) ?? [];
      case "DrainStarted":
        return this.#back?.drainStarted(event) ?? [];
      case "VersionDrained":
        return this.#back?.drained(event) ?? [];
      case "VersionStopped":
        return this.#back?.stopped(event) ?? [];
      case "DeploymentRolledBack":
        return this.#rolledBack(event);
      default:
        return [];
    }
  }

  /** Only who waited in line has waited. */
  #started({ atMs, replaces }: Of<"DeploymentStarted">): readonly Chapter[] {
    this.#startedAtMs = atMs;
    this.#isWatched = replaces !== undefined;
    const queuedAtMs = this.#requested.atMs;
    return atMs > queuedAtMs ? [endOf(partOf("deployment.queued", queuedAtMs), atMs)] : [];
  }

  #ready(atMs: number): readonly Chapter[] {
    const { strategy, plan } = this.#requested;
    // A shadow's one step begins without a route.
    if (strategy === "shadow") return this.#steps.begin(partOf("shadow.compare", atMs));
    const index = plan.findIndex(({ kind }) => kind === "warm-up");
    return index < 0 ? [] : this.#steps.begin(partOf(`${strategy}.warm_up`, atMs, { step: index + 1 }));
  }

  /** All messages without anybody watching them is the end of it, and no share (ADR section 3: `full`). */
  #shifted({ atMs, step: index, revision, targets }: Of<"RouteChanged">): readonly Chapter[] {
    const { strategy, plan } = this.#requested;
    const share = targets.find(({ version }) => version === this.#version["version_id"])?.share;
    if (share === undefined) return [];
    const step = plan[index];
    const isWatched = this.#isWatched && step?.kind === "shift" && step.watchMs !== undefined;
    const percentage = Number((share * 100).toPrecision(6));
    const name = share === 1 && !isWatched ? "deployment.finalize" : `${strategy}.${percentage}_percent`;
    return this.#steps.begin(partOf(name, atMs, { step: index + 1, percentage, route_revision: revision }));
  }

  /** A plan may wait for people more than once. */
  #awaited({ atMs, step: index }: Of<"ApprovalAwaited">): readonly Chapter[] {
    const step = index + 1;
    const name = `${this.#requested.strategy}.approval`;
    return this.#steps.begin({ ...partOf(name, atMs, { step }), id: `${name}/${step}` });
  }

  #judged({ atMs, verdict, decision }: Of<"VerdictReached">): readonly Chapter[] {
    const found = { verdict: verdict.outcome, samples: verdictSamples(verdict), ...verdictMetrics(verdict) };
    this.#steps.note({ ...found, ...(decision === "none" ? {} : { decision }) });
    return decision === "hold" ? this.#steps.wait("hold", atMs, { why: verdictText(verdict) }) : [];
  }

  #noted(attributes: Attributes): readonly Chapter[] {
    this.#steps.note(attributes);
    return [];
  }

  #completed(atMs: number): readonly Chapter[] {
    this.#isComplete = true;
    const steps = this.#steps.end(atMs);
    const isFinal = steps.some(({ name }) => name === "deployment.finalize");
    const finalize = isFinal ? [] : [endOf(partOf("deployment.finalize", atMs), atMs)];
    return [...steps, ...finalize, this.#whole(atMs)];
  }

  #failed({ atMs, failure }: Of<"DeploymentFailed">): readonly Chapter[] {
    const why = textOf(failure);
    const parts = this.#steps.isOpen
      ? this.#steps.end(atMs, why)
      : [endOf(partOf("deployment.start", this.#validatedAtMs || atMs), atMs, why)];
    return [...parts, this.#whole(atMs, why)];
  }

  /** The whole of one that ran was told when it was complete. */
  #rolledBack({ atMs, reason }: Of<"DeploymentRolledBack">): readonly Chapter[] {
    const back = this.#back === undefined ? [] : [this.#back.end(atMs)];
    return this.#isComplete ? back : [...this.#steps.end(atMs, reason), ...back, this.#whole(atMs, reason)];
  }

  #whole(endMs: number, failure?: string): Chapter {
    const { strategy, actor, atMs: startMs } = this.#requested;
    return endOf({ id: wholeId, name: wholeId, startMs, attributes: { strategy, actor } }, endMs, failure);
  }
}

function warmUpAttributes({ source, messages, answers, failed, ended, latencyAfterMs }: WarmUp): Attributes {
  const latency = latencyAfterMs === undefined ? {} : { latency_ms: latencyAfterMs };
  return { source, messages, answers, failed, ended, ...latency };
}

function textOf({ stage, code, reason }: Failure): string {
  return `${stage}: ${code}: ${reason}`;
}

/** Stages come one after the other and the last one ends with the verdict. Of a verdict from before they took no time. */
function stageChapters(report: unknown, startMs: number, endMs: number): readonly Chapter[] {
  const { stages, isRemembered } = stageTimes(report);
  const tookMs = stages.map(({ durationMs }) => (isRemembered ? 0 : durationMs));
  let atMs = Math.max(startMs, endMs - tookMs.reduce((sum, ms) => sum + ms, 0));
  return stages.map(({ stage, passed }, index) => {
    const beganAtMs = atMs;
    atMs = Math.min(endMs, atMs + (tookMs[index] ?? 0));
    const part = partOf(`validation.${stage}`, beganAtMs, isRemembered ? { cached: true } : {});
    return endOf(part, atMs, passed ? undefined : `${stage} did not pass`);
  });
}
