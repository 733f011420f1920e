import { inboxMaxBytes, inboxMessageMaxBytes, outcomeMaxBytes } from "@caxton/contracts/limits";
import { epochOf } from "@caxton/contracts/outcome";
import {
  inboxStream,
  inboxSubject,
  outboxStream,
  outboxSubjects,
  outcomeStream,
  outcomeSubjects,
} from "@caxton/contracts/subjects";
import type { StreamSpec } from "./stream-spec.ts";
import type { Bus, StreamInfo } from "./types.ts";

/** How long a repeated message id is recognised, in ms; nothing of ours relies on it, producers may. */
export const defaultDuplicateWindowMs = 120_000;

/** The streams of an agent as they are made. */
export function agentStreams(agent: string, duplicateWindowMs = defaultDuplicateWindowMs) {
  const unbounded = { discard: "new", maxBytes: -1, maxMessageBytes: outcomeMaxBytes, duplicateWindowMs } as const;
  return {
    inbox: {
      name: inboxStream(agent),
      subjects: [inboxSubject(agent)],
      discard: "new",
      maxBytes: inboxMaxBytes,
      maxMessageBytes: inboxMessageMaxBytes,
      duplicateWindowMs,
    },
    outcomes: { ...unbounded, name: outcomeStream(agent), subjects: [outcomeSubjects(agent)] },
    outbox: { ...unbounded, name: outboxStream(agent), subjects: [outboxSubjects(agent)] },
  } as const satisfies Readonly<Record<string, StreamSpec>>;
}

/** Creates what an agent needs on the bus, and leaves as it is what is there. @returns the epoch of its inbox */
export async function ensureAgentStreams(
  bus: Bus,
  agent: string,
  duplicateWindowMs = defaultDuplicateWindowMs,
): Promise<string> {
  const { inbox, outcomes, outbox } = agentStreams(agent, duplicateWindowMs);
  const { createdAtMs } = await createAbsent(bus, inbox);
  await createAbsent(bus, outcomes);
  await createAbsent(bus, outbox);
  return epochOf(createdAtMs);
}

/** An operator may have given a stream more room; taking it back would delete messages that nobody handled. */
async function createAbsent(bus: Bus, spec: StreamSpec): Promise<StreamInfo> {
  return (await bus.streams.info(spec.name)) ?? (await bus.streams.ensure(spec));
}
