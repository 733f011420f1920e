import Type, { type Static } from "./type.ts";
import { checker } from "./schema.ts";

/** From harmless to grave. */
export const logLevels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];

export const AgentLogLine = Type.Object({
  atMs: Type.Number({ description: "When it was said, Unix ms, by the clock of the instance's machine." }),
  level: Type.Enum([...logLevels]),
  text: Type.String(),
  messageId: Type.Optional(Type.String({ description: "The message being handled; absent outside of one." })),
  traceId: Type.Optional(Type.String({ description: "Of the trace that message belongs to, 32 hex digits." })),
});
export type AgentLogLine = Static<typeof AgentLogLine>;

/**
 * On `caxton.logs.<agent>.<version>`: lines of one instance in the order they were said. Published without waiting for the
 * server's word, so that a line may be lost with the server and no message ever waits for its log.
 */
export const AgentLogBatch = Type.Object({
  agent: Type.String(),
  version: Type.String(),
  instance: Type.String(),
  source: Type.Union([Type.Literal("agent"), Type.Literal("host")], {
    description: "`host`: what the agent-host says about the instance, such as why it ended.",
  }),
  lines: Type.Array(AgentLogLine),
});
export type AgentLogBatch = Static<typeof AgentLogBatch>;
export const agentLogBatch = checker("batch of log lines", AgentLogBatch);

export function isLogLevel(text: string): text is LogLevel {
  return logLevels.some((level) => level === text);
}

/** Whether a line is at least as grave as asked for. */
export function isAtLeast(level: LogLevel, wanted: LogLevel): boolean {
  return logLevels.indexOf(level) >= logLevels.indexOf(wanted);
}
