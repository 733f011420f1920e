import type { DeploymentEvent } from "@caxton/deployment/event";
import { type Attributes, type Chapter, endOf, type OpenChapter, partOf } from "./chapter.ts";

type Of<Type extends DeploymentEvent["type"]> = DeploymentEvent & { readonly type: Type };

/** How a version is taken back: from when that was so until it is gone. */
export class WayBack {
  readonly #whole: OpenChapter;
  readonly #decidedAtMs: number;
  #revision = Infinity;
  #drainAtMs: number | undefined;
  #drainedAtMs: number | undefined;

  constructor({ atMs, sinceMs, cause, reason, actor }: Of<"RollbackStarted">) {
    const since = Math.min(sinceMs, atMs);
    this.#whole = partOf("deployment.rollback", since, { cause, reason, actor });
    this.#decidedAtMs = atMs;
  }

  routeChanged({ revision }: Of<"RouteChanged">): readonly Chapter[] {
    this.#revision = revision;
    return [];
  }

  /** Every router sends messages to the version before. */
  routeApplied({ atMs, revision, routers }: Of<"RouteApplied">): readonly Chapter[] {
    if (revision < this.#revision) return [];
    return [this.#part("rollback.divert", this.#whole.startMs, atMs, { route_revision: revision, routers })];
  }

  /** Its processes take nothing any more. */
  closed({ atMs }: Of<"VersionClosed">): readonly Chapter[] {
    return [this.#part("rollback.close", this.#whole.startMs, atMs)];
  }

  drainStarted({ atMs }: Of<"DrainStarted">): readonly Chapter[] {
    this.#drainAtMs = atMs;
    return [];
  }

  drained({ atMs, forced }: Of<"VersionDrained">): readonly Chapter[] {
    this.#drainedAtMs = atMs;
    return [this.#part("rollback.drain", this.#drainAtMs ?? this.#decidedAtMs, atMs, { forced })];
  }

  stopped({ atMs }: Of<"VersionStopped">): readonly Chapter[] {
    return [this.#part("rollback.cleanup", this.#drainedAtMs ?? this.#decidedAtMs, atMs)];
  }

  end(atMs: number): Chapter {
    return endOf(this.#whole, atMs);
  }

  #part(name: string, startMs: number, endMs: number, attributes: Attributes = {}): Chapter {
    return endOf({ id: name, name, parent: this.#whole.id, startMs, attributes }, endMs);
  }
}
