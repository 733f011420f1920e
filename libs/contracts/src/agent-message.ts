import { inboxEnds } from "@caxton/deployment/state";
import Type, { type Static } from "./type.ts";
import { envelope, overrideFreeze } from "./command-message.ts";
import { checker } from "./schema.ts";

/** Of `hold` and `release`. */
export const AgentCommand = Type.Object({ ...envelope }, { additionalProperties: false });
export type AgentCommand = Static<typeof AgentCommand>;

export const UndeployCommand = Type.Object(
  {
    ...envelope,
    inbox: Type.Enum(inboxEnds, {
      description:
        "What becomes of what is in its inbox: handled first (`drain`), left for a later deployment (`keep`), or made dead letters (`dead-letter`).",
    }),
    overrideFreeze,
  },
  { additionalProperties: false },
);
export type UndeployCommand = Static<typeof UndeployCommand>;

export const agentCommand = checker("command", AgentCommand, "invalid-command");
export const undeployCommand = checker("undeploy command", UndeployCommand, "invalid-command");
