import { CaxtonError } from "@caxton/contracts/errors";
import type { Outcome } from "@caxton/contracts/outcome";
import { header, inboxStream, inboxSubject } from "@caxton/contracts/subjects";
import { targetKey } from "./checkpoint.ts";
import { outgoing, speaksToAgents } from "./core/outgoing.ts";
import { resumeAfter } from "./core/position.ts";
import type { LaneState } from "./lane-state.ts";
import { runLane, type Beginning, type LaneContext, type Pass } from "./lane.ts";
import { PublishingWindow } from "./publishing-window.ts";
import { told } from "./relay-span.ts";

const maxInFlight = 64;
const encoder = new TextEncoder();

/** Outcomes → the inbox of one other agent. An inbox has many writers, so what is there already is looked up at each start. */
export function runInboxLane(
  context: LaneContext,
  state: LaneState,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  const checkpointKey = targetKey(context.agent, target);
  return runLane(context, { state, checkpointKey, begin: (at) => begin(context, target, at) }, signal);
}

async function begin(context: LaneContext, target: string, { outcomeEpochMs, checkpoint }: Beginning): Promise<Pass> {
  const { bus, agent } = context;
  if (checkpoint === undefined)
    throw new CaxtonError("internal", `relay lane ${agent} to ${target} was not registered`);
  const info = await bus.streams.info(inboxStream(target));
  if (info === undefined) throw new CaxtonError("unknown-agent", `${target} has no inbox: was it ever deployed?`);
  // An inbox that was made again counts from 1.
  const knownFloor = checkpoint.targetSequence > info.lastSequence ? 0 : checkpoint.targetSequence;
  const there = await outputsBeyond(context, target, knownFloor);
  // A lane that is held up for long while others write there does not look through the same again and again.
  const targetSequence = there.size === 0 ? info.lastSequence : knownFloor;
  const { outcomeSequence: doneBefore } = resumeAfter(outcomeEpochMs, checkpoint, undefined);
  const window = new PublishingWindow(maxInFlight, doneBefore, targetSequence);
  return {
    window,
    fromSequence: doneBefore + 1,
    knownSequence: doneBefore,
    targetSequence: async () => (await bus.streams.info(inboxStream(target)))?.lastSequence,
    onOutcome(outcome, outcomeSequence) {
      return speaksToAgents(outcome) ? send(outcome, outcomeSequence) : undefined;
    },
  };

  async function send(outcome: Outcome, outcomeSequence: number): Promise<void> {
    for (const one of outgoing(outcome, { outcomeEpochMs, outcomeSequence }, target)) {
      const { id, output, headers } = one;
      if (there.delete(id)) continue;
      await window.room();
      window.send(outcomeSequence, () =>
        context.mayPublish()
          ? told(
              context.spans,
              { outcome, output: one },
              bus.store(inboxSubject(target), encoder.encode(output.body), {
                headers,
                messageId: id,
                failWhenAway: true,
              }),
            )
          : Promise.reject(new CaxtonError("cancelled", "this process stood still")),
      );
    }
  }
}

/** The ids of our outputs that lie in the target's inbox above a sequence. */
async function outputsBeyond({ bus, agent }: LaneContext, target: string, sequence: number): Promise<Set<string>> {
  const ids = new Set<string>();
  const beyond = { fromSequence: sequence + 1, headersOnly: true };
  for await (const message of bus.streams.read(inboxStream(target), beyond)) {
    const id = message.headers[header.output];
    if (id?.startsWith(`${agent}/`) === true) ids.add(id);
  }
  return ids;
}
