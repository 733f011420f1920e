import { stageNames } from "@caxton/contracts/validation";
import type { DeploymentEvent } from "@caxton/deployment/event";

/** A part of a deployment with its time, Unix ms; the first of a story is the whole that the others are parts of. */
export interface Chapter {
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly failure?: string;
}

interface Shift {
  readonly percent: number;
  readonly atMs: number;
}

/** What is remembered of a deployment on its way. */
interface Notes {
  readonly strategy: string;
  readonly requestedAtMs: number;
  readonly chapters: readonly Chapter[];
  readonly validatedAtMs?: number;
  readonly shift?: Shift;
  readonly appliedAtMs?: number;
  readonly rollbackAtMs?: number;
}

/** A story with an end: `deployment.create` with its parts as the ADR names them, or `deployment.rollback`. */
export interface Told {
  readonly whole: Chapter;
  readonly parts: readonly Chapter[];
}

/**
 * Makes the ADR's tree of spans of each deployment from its events, whoever decided them and however often its
 * orchestrator was replaced (ADR, Observability).
 */
export class DeploymentStories {
  readonly #notes = new Map<string, Notes>();

  /** @returns the story where this event ends it */
  enter(event: DeploymentEvent): Told | undefined {
    const { deployment, atMs } = event;
    if (event.type === "DeploymentRequested") {
      this.#notes.set(deployment, { strategy: event.strategy, requestedAtMs: atMs, chapters: [] });
      return undefined;
    }
    const notes = this.#notes.get(deployment);
    if (notes === undefined) return undefined;
    switch (event.type) {
      case "ValidationPassed":
        this.#add(deployment, notes, { validatedAtMs: atMs }, stageChapters(event.report, atMs));
        return undefined;
      case "VersionReady":
        this.#add(deployment, notes, {}, [
          { name: "deployment.start", startMs: notes.validatedAtMs ?? atMs, endMs: atMs },
        ]);
        return undefined;
      case "RouteChanged":
        this.#shift(event, notes);
        return undefined;
      case "RouteApplied":
        this.#add(deployment, notes, { appliedAtMs: atMs }, []);
        return undefined;
      case "DeploymentCompleted": {
        const finalizeFromMs = notes.appliedAtMs ?? atMs;
        const finalize = { name: "deployment.finalize", startMs: finalizeFromMs, endMs: atMs };
        const { shift: _shift, ...rest } = notes;
        this.#notes.set(deployment, { ...rest, chapters: [] });
        return whole(notes, atMs, [...shiftChapter(notes, finalizeFromMs), finalize]);
      }
      case "ValidationFailed":
      case "DeploymentFailed": {
        const { stage, code, reason } = event.failure;
        const stages = event.type === "ValidationFailed" ? stageChapters(event.report, atMs) : [];
        this.#notes.delete(deployment);
        return whole(notes, atMs, [...stages, ...shiftChapter(notes, atMs)], `${stage}: ${code}: ${reason}`);
      }
      case "RollbackStarted":
        this.#notes.set(deployment, { ...notes, rollbackAtMs: atMs });
        return undefined;
      case "DeploymentRolledBack": {
        this.#notes.delete(deployment);
        const startMs = notes.rollbackAtMs ?? atMs;
        const rollback = { name: "deployment.rollback", startMs, endMs: atMs };
        // One that ran before was told of when it was complete.
        return notes.chapters.length === 0 && notes.appliedAtMs !== undefined
          ? { whole: rollback, parts: [] }
          : whole(notes, atMs, [...shiftChapter(notes, startMs), rollback], event.reason);
      }
      case "DeploymentRetired":
        this.#notes.delete(deployment);
        return undefined;
      default:
        return undefined;
    }
  }

  #add(deployment: string, notes: Notes, more: Partial<Notes>, chapters: readonly Chapter[]): void {
    this.#notes.set(deployment, { ...notes, ...more, chapters: [...notes.chapters, ...chapters] });
  }

  /** A share lasts until the next one begins. */
  #shift(event: DeploymentEvent & { type: "RouteChanged" }, notes: Notes): void {
    const share = event.targets[0]?.share;
    if (share === undefined || notes.rollbackAtMs !== undefined) return;
    const shift = { percent: Math.round(share * 1000) / 10, atMs: event.atMs };
    this.#add(event.deployment, notes, { shift }, shiftChapter(notes, event.atMs));
  }
}

function whole(notes: Notes, endMs: number, last: readonly Chapter[], failure?: string): Told {
  const failed = failure === undefined ? {} : { failure };
  const create = { name: "deployment.create", startMs: notes.requestedAtMs, endMs, ...failed };
  return { whole: create, parts: [...notes.chapters, ...last] };
}

function shiftChapter({ strategy, shift }: Notes, endMs: number): readonly Chapter[] {
  return shift === undefined ? [] : [{ name: `${strategy}.${shift.percent}_percent`, startMs: shift.atMs, endMs }];
}

/** Stages come one after the other and the last one ends with the verdict. */
function stageChapters(report: unknown, endMs: number): readonly Chapter[] {
  const times = stageTimes(report);
  let atMs = endMs - times.reduce((sum, { durationMs }) => sum + durationMs, 0);
  return times.map(({ stage, durationMs, passed }) => {
    const startMs = atMs;
    atMs += durationMs;
    return {
      name: `validation.${stage}`,
      startMs,
      endMs: atMs,
      ...(passed ? {} : { failure: `${stage} did not pass` }),
    };
  });
}

/** What a stored report says of the stages that were walked; one of another form says nothing. */
export function stageTimes(
  report: unknown,
): readonly { readonly stage: string; readonly durationMs: number; readonly passed: boolean }[] {
  const stages = new Map(typeof report === "object" && report !== null ? Object.entries(report) : []);
  return stageNames.flatMap((stage) => {
    const found: unknown = stages.get(stage);
    if (typeof found !== "object" || found === null || !("durationMs" in found)) return [];
    const { durationMs } = found;
    if (typeof durationMs !== "number" || !(durationMs >= 0)) return [];
    return [{ stage, durationMs, passed: "passed" in found && found.passed === true }];
  });
}
