import Type, { type Static } from "./type.ts";
import { Output } from "./outcome.ts";

export const RunMessage = Type.Object({
  /** Tells the answers of one request apart. */
  index: Type.Integer({ minimum: 0 }),
  id: Type.String(),
  /** Absent where the producer gave none: the agent's first accepted kind. */
  kind: Type.Optional(Type.String()),
  conversation: Type.Optional(Type.String()),
  traceparent: Type.Optional(Type.String()),
  /** The message's bytes as text; what is not UTF-8 never gets here. */
  body: Type.String(),
});
export type RunMessage = Static<typeof RunMessage>;

/** Many messages to an instance of a version in one request (DESIGN.md, rule 4). */
export const RunRequest = Type.Object({
  routeRevision: Type.Integer({ minimum: 0 }),
  /** The answer is wanted within this time, with `unfinished` for what was not done. */
  budgetMs: Type.Integer({ minimum: 1 }),
  /** Another version takes what this one does not come to: once a message hangs, what waits behind it is `unfinished` at once. */
  hasStandIn: Type.Optional(Type.Boolean()),
  /** None at all asks whether anybody is there: answered at once. */
  messages: Type.Array(RunMessage, { maxItems: 256 }),
});
export type RunRequest = Static<typeof RunRequest>;

export const RunResult = Type.Union([
  Type.Object({
    index: Type.Integer(),
    result: Type.Literal("handled"),
    outputs: Type.Array(Output),
    latencyMs: Type.Number(),
  }),
  Type.Object({
    index: Type.Integer(),
    result: Type.Literal("failed"),
    code: Type.String(),
    reason: Type.String(),
    /** Whether asking again may help. */
    retry: Type.Boolean(),
    latencyMs: Type.Number(),
  }),
  /** Not its fault: ask again, alone. */
  Type.Object({ index: Type.Integer(), result: Type.Literal("unfinished") }),
]);
export type RunResult = Static<typeof RunResult>;

export const RunAnswer = Type.Union([
  Type.Object({ status: Type.Literal("done"), instance: Type.String(), results: Type.Array(RunResult) }),
  /** The version is closed at this revision: read the route again (DESIGN.md, rule 7). */
  Type.Object({
    status: Type.Literal("refused"),
    instance: Type.String(),
    code: Type.Literal("stale-route"),
    closedAtRevision: Type.Integer(),
  }),
  /** Too many requests wait there already; nothing of this one was run. */
  Type.Object({ status: Type.Literal("busy"), instance: Type.String() }),
]);
export type RunAnswer = Static<typeof RunAnswer>;

/** On `caxton.exit.<agent>.<version>`, from the instance's supervisor. */
export const InstanceExit = Type.Object({ instance: Type.String(), host: Type.String(), reason: Type.String() });
export type InstanceExit = Static<typeof InstanceExit>;
