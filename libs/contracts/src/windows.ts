import Type, { type Static } from "./type.ts";
import { checker } from "./schema.ts";

const Count = Type.Integer({ minimum: 0 });

/** Asked on `caxton.windows.<agent>`; an empty body asks for the default. */
export const WindowsRequest = Type.Object(
  { windowMs: Type.Optional(Type.Integer({ minimum: 250, maximum: 300_000 })) },
  { additionalProperties: false },
);
export type WindowsRequest = Static<typeof WindowsRequest>;
export const windowsRequest = checker("windows request", WindowsRequest, "invalid-argument");

/** Unless the request says otherwise, in ms. */
export const defaultWindowMs = 60_000;

/** What one version did within the window, by attempt: a message that failed and was tried again counts twice. */
export const VersionWindow = Type.Object({
  version: Type.String(),
  handled: Count,
  failed: Count,
  failures: Type.Record(Type.String(), Count, { description: "Failed attempts by their code." }),
  errorRate: Type.Number({ minimum: 0, maximum: 1, description: "0 to 1." }),
  perSecond: Type.Number({
    minimum: 0,
    description: "Attempts a second over the window, or over as much of it as the version has been at work.",
  }),
  /** Within 1 % of what was measured; absent without attempts. */
  latencyMs: Type.Optional(
    Type.Object({ p50: Type.Number(), p90: Type.Number(), p99: Type.Number(), max: Type.Number() }),
  ),
  lastAtMs: Type.Number(),
});
export type VersionWindow = Static<typeof VersionWindow>;

export const Windows = Type.Object({
  agent: Type.String(),
  windowMs: Type.Integer(),
  bucketMs: Type.Integer({ description: "What time is counted in, in ms: the window's edges are this sharp." }),
  asOfMs: Type.Number(),
  versions: Type.Array(VersionWindow),
});
export type Windows = Static<typeof Windows>;

export const WindowsAnswer = Type.Union([
  Type.Object({ ok: Type.Literal(true), windows: Windows }),
  Type.Object({ ok: Type.Literal(false), error: Type.Object({ code: Type.String(), message: Type.String() }) }),
]);
export type WindowsAnswer = Static<typeof WindowsAnswer>;
export const windowsAnswer = checker("windows answer", WindowsAnswer);
