import { CaxtonError, hasCode } from "@caxton/contracts/errors";
import type { Outcome } from "@caxton/contracts/outcome";
import { inboxStream, relayedSubject } from "@caxton/contracts/subjects";
import { targetKey } from "./checkpoint.ts";
import { type Outgoing, outgoing, speaksToAgents } from "./core/outgoing.ts";
import { resumeAfter } from "./core/position.ts";
import type { LaneState } from "./lane-state.ts";
import { runLane, type Beginning, type LaneContext, type Pass } from "./lane.ts";
import { PublishingWindow } from "./publishing-window.ts";
import { told } from "./relay-span.ts";

const maxInFlight = 64;
/** What the target said to the first of what is to be sent: it is asked with that one alone until it says something else. */
const refusals: readonly (string | undefined)[] = ["inbox-full", "message-too-large"];

/**
 * Outcomes → the inbox of one other agent. An inbox has many writers, so each output has a subject of its own there, and is
 * stored as the first of it: what was there before is refused, however late it comes and whoever sends it.
 */
export function runInboxLane(
  context: LaneContext,
  state: LaneState,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  const checkpointKey = targetKey(context.agent, target);
  return runLane(context, { state, checkpointKey, begin: (at) => begin(context, state, at) }, signal);
}

async function begin(
  context: LaneContext,
  { target, waitsFor }: LaneState,
  { outcomeEpochMs, checkpoint }: Beginning,
): Promise<Pass> {
  const { bus, agent } = context;
  if (checkpoint === undefined)
    throw new CaxtonError("internal", `relay lane ${agent} to ${target} was not registered`);
  const info = await bus.streams.info(inboxStream(target));
  if (info === undefined) throw new CaxtonError("unknown-agent", `${target} has no inbox: was it ever deployed?`);
  const { outcomeSequence: doneBefore } = resumeAfter(outcomeEpochMs, checkpoint, undefined);
  const window = new PublishingWindow(maxInFlight, doneBefore, refusals.includes(waitsFor));
  const there = new Set(checkpoint.outcomeEpochMs === outcomeEpochMs ? checkpoint.ahead : []);
  return {
    window,
    fromSequence: doneBefore + 1,
    knownSequence: doneBefore,
    onOutcome(outcome, outcomeSequence) {
      return speaksToAgents(outcome) ? send(outcome, outcomeSequence) : undefined;
    },
  };

  async function send(outcome: Outcome, outcomeSequence: number): Promise<void> {
    for (const output of outgoing(outcome, { outcomeEpochMs, outcomeSequence }, target)) {
      const { id } = output;
      if (there.delete(id)) {
        window.isThere(outcomeSequence, id);
        continue;
      }
      await window.room();
      const publish = (): Promise<boolean> =>
        context.mayPublish()
          ? told(context.spans, { outcome, output }, storeOnce(context, target, output))
          : Promise.reject(new CaxtonError("cancelled", "this process stood still"));
      window.send(outcomeSequence, publish, id);
    }
  }
}

/** Resolves when it is there, with whether it was not before. */
async function storeOnce({ bus }: LaneContext, target: string, { id, output, headers }: Outgoing): Promise<boolean> {
  const once = { headers, messageId: id, expectLastSubjectSequence: 0, failWhenAway: true };
  try {
    const { duplicate } = await bus.store(relayedSubject(target, id), Buffer.from(output.body), once);
    return !duplicate;
  } catch (error) {
    if (!hasCode(error, "wrong-sequence")) throw error;
    return false;
  }
}
