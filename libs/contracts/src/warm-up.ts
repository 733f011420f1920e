import { warmUpEnds } from "@caxton/deployment/warm-up";
import Type from "./type.ts";

const Count = Type.Integer({ minimum: 0 });

/** What a version was asked before its first live message, as it is stored. */
export const WarmUp = Type.Object({
  source: Type.Union([Type.Literal("history"), Type.Literal("examples")], {
    description: "Recent messages of the inbox, or the component's own examples where there were none.",
  }),
  messages: Type.Integer({ minimum: 0, description: "Different ones that were answered for." }),
  answers: Count,
  failed: Type.Integer({ minimum: 0, description: "Of the messages, those that the version failed on for good." }),
  regressed: Type.Integer({
    minimum: 0,
    description: "Of the failed ones, those that the version before had handled; of examples all.",
  }),
  firstFailure: Type.Optional(Type.Object({ message: Type.String(), code: Type.String(), reason: Type.String() })),
  crashes: Type.Integer({ minimum: 0, description: "How often a process of it ended." }),
  latencyBeforeMs: Type.Optional(Type.Number({ description: "Median time per message at the beginning." })),
  latencyAfterMs: Type.Optional(Type.Number({ description: "Median time per message at the end." })),
  ended: Type.Enum(warmUpEnds),
  tookMs: Type.Number(),
});
