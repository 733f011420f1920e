import { inboxMaxBytes, inboxMessageMaxBytes, outcomeMaxBytes, outcomesMaxBytes } from "@caxton/contracts/limits";
import { epochOf } from "@caxton/contracts/outcome";
import {
  inboxStream,
  inboxSubjects,
  outboxStream,
  outboxSubjects,
  outcomeStream,
  outcomeSubjects,
} from "@caxton/contracts/subjects";
import type { StreamSpec } from "@caxton/contracts/stream-spec";
import type { Bus, StreamInfo } from "./types.ts";

/** How long a repeated message id is recognised, in ms; nothing of ours relies on it, producers may. */
export const defaultDuplicateWindowMs = 120_000;

/** Of streams that are made, not of those that are there. Bytes of -1: no limit. */
export interface AgentStreamSettings {
  readonly duplicateWindowMs: number;
  readonly inboxMaxBytes: number;
  readonly outcomesMaxBytes: number;
  readonly outboxMaxBytes: number;
}

export const defaultAgentStreamSettings: AgentStreamSettings = {
  duplicateWindowMs: defaultDuplicateWindowMs,
  inboxMaxBytes,
  outcomesMaxBytes,
  outboxMaxBytes: -1,
};

/** The streams of an agent as they are made; each refuses what does not fit, and drops nothing. */
export function agentStreams(agent: string, settings: Partial<AgentStreamSettings> = {}) {
  const all = { ...defaultAgentStreamSettings, ...settings };
  const { duplicateWindowMs } = all;
  const ours = { discard: "new", maxMessageBytes: outcomeMaxBytes, duplicateWindowMs } as const;
  return {
    inbox: {
      name: inboxStream(agent),
      subjects: inboxSubjects(agent),
      discard: "new",
      maxBytes: all.inboxMaxBytes,
      maxMessageBytes: inboxMessageMaxBytes,
      duplicateWindowMs,
    },
    outcomes: {
      ...ours,
      name: outcomeStream(agent),
      subjects: [outcomeSubjects(agent)],
      maxBytes: all.outcomesMaxBytes,
    },
    outbox: { ...ours, name: outboxStream(agent), subjects: [outboxSubjects(agent)], maxBytes: all.outboxMaxBytes },
  } as const satisfies Readonly<Record<string, StreamSpec>>;
}

/** Creates what an agent needs on the bus, and leaves as it is what is there. @returns the epoch of its inbox */
export async function ensureAgentStreams(
  bus: Bus,
  agent: string,
  settings: Partial<AgentStreamSettings> = {},
): Promise<string> {
  const { inbox, outcomes, outbox } = agentStreams(agent, settings);
  const made = [createAbsent(bus, inbox), createAbsent(bus, outcomes), createAbsent(bus, outbox)] as const;
  const [{ createdAtMs }] = await Promise.all(made);
  return epochOf(createdAtMs);
}

/** An operator may have given a stream more room; taking it back would delete messages that nobody handled. */
async function createAbsent(bus: Bus, spec: StreamSpec): Promise<StreamInfo> {
  return (await bus.streams.info(spec.name)) ?? (await bus.streams.ensure(spec));
}
