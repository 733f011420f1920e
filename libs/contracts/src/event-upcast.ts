import type { DeploymentEvent } from "@caxton/deployment/event";
import { deploymentEventSchemas } from "./deployment-event.ts";
import { CaxtonError } from "./errors.ts";
import { checker, type Checker } from "./schema.ts";

/** Written today, 1 where not named; a reader lifts older ones with `upcasts` first. */
const schemaVersions: Readonly<Partial<Record<string, number>>> = { DeploymentRequested: 2, RollbackStarted: 2 };

export function schemaVersionOf(type: string): number {
  return schemaVersions[type] ?? 1;
}

type Upcast = (data: Readonly<Record<string, unknown>>) => Record<string, unknown>;

/**
 * How data of an event type at a version becomes data of the next version: `upcasts[type][1]` lifts 1 to 2. Old events are
 * never rewritten.
 */
const upcasts: Readonly<Partial<Record<string, Readonly<Record<number, Upcast>>>>> = {
  // Until then every instance worked on one message at a time.
  DeploymentRequested: { 1: (data) => ({ concurrency: 1, ...data }) },
  // Until then only people took versions back.
  RollbackStarted: { 1: (data) => ({ cause: "manual", sinceMs: data["atMs"], ...data }) },
};

const checkers: ReadonlyMap<string, Checker<DeploymentEvent>> = new Map(
  Object.entries(deploymentEventSchemas).map(([type, schema]): [string, Checker<DeploymentEvent>] => [
    type,
    checker(`event ${type}`, schema),
  ]),
);

/**
 * A stored event in the words of the domain; undefined for a type that came later than this code.
 * @throws CaxtonError `internal` where stored data does not satisfy its schema: the history is damaged or was written by another program
 */
export function readDeploymentEvent(stored: {
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: unknown;
}): DeploymentEvent | undefined {
  const check = checkers.get(stored.type);
  if (check === undefined) return undefined;
  const currentVersion = schemaVersionOf(stored.type);
  if (stored.schemaVersion > currentVersion) {
    throw new CaxtonError(
      "internal",
      `event ${stored.type} has schema version ${stored.schemaVersion}, this program knows up to ${currentVersion}; upgrade it`,
    );
  }
  let data = asRecord(stored.data, stored.type);
  for (let version = stored.schemaVersion; version < currentVersion; version += 1) {
    const upcast = upcasts[stored.type]?.[version];
    if (upcast !== undefined) data = upcast(data);
  }
  return check.check({ ...data, type: stored.type });
}

/**
 * An event of the domain as it is stored.
 * @throws CaxtonError `internal` where it does not satisfy its schema: better not stored than never read again
 */
export function writeDeploymentEvent(event: DeploymentEvent): {
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: unknown;
} {
  checkers.get(event.type)?.check(event);
  const { type, ...data } = event;
  return { type, schemaVersion: schemaVersionOf(type), data };
}

function asRecord(data: unknown, type: string): Record<string, unknown> {
  if (typeof data === "object" && data !== null && !Array.isArray(data)) return { ...data };
  throw new CaxtonError("internal", `event ${type} has no object as data`);
}
