import { CaxtonError } from "@caxton/contracts/errors";
import type { Outcome } from "@caxton/contracts/outcome";
import { header, outboxStream, outboxSubject, outcomeStream, outcomeSubject } from "@caxton/contracts/subjects";
import { outboxKey } from "./checkpoint.ts";
import { outgoing, speaksToAgents, targetsOf, type Outgoing } from "./core/outgoing.ts";
import { isDone, parsePosition, resumeAfter, type OutcomePlace, type RelayPosition } from "./core/position.ts";
import type { LaneState } from "./lane-state.ts";
import { outcomesBehind, runLane, type Beginning, type LaneContext, type Pass } from "./lane.ts";
import { PublishingWindow } from "./publishing-window.ts";
import { told } from "./relay-span.ts";

const maxInFlight = 512;

/**
 * Outcomes → outbox, in order, each output once. Every write expects the sequence that the one before made, so that a
 * second writer, a lost write or a late one is refused; then the outbox itself says what it has, and it goes on from there.
 * `registerTarget` is awaited before the first outcome that speaks to another agent is passed.
 */
export function runOutboxLane(
  context: LaneContext,
  state: LaneState,
  registerTarget: (target: string, at: OutcomePlace) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const checkpointKey = outboxKey(context.agent);
  return runLane(context, { state, checkpointKey, begin: (at) => begin(context, at, registerTarget) }, signal);
}

async function begin(
  context: LaneContext,
  { outcomeEpochMs, checkpoint }: Beginning,
  registerTarget: (target: string, at: OutcomePlace) => Promise<void>,
): Promise<Pass> {
  const { bus, agent } = context;
  const tail = await readTail(context);
  const done = resumeAfter(outcomeEpochMs, checkpoint, tail.position);
  if (tail.position?.outcomeEpochMs === outcomeEpochMs) await requireSameOutcome(context, tail.position, tail.outputId);
  let expectLastSequence = tail.lastSequence;
  const { outcomeSequence: doneBefore } = resumeAfter(outcomeEpochMs, checkpoint, undefined);
  const window = new PublishingWindow(maxInFlight, doneBefore);
  return {
    window,
    knownSequence: done.outcomeSequence,
    fromSequence: done.index === Infinity ? done.outcomeSequence + 1 : done.outcomeSequence,
    onOutcome(outcome, outcomeSequence) {
      const at = { outcomeEpochMs, outcomeSequence };
      const outputs = outgoing(outcome, at, undefined).filter(({ index }) => !isDone(done, outcomeSequence, index));
      if (speaksToAgents(outcome) || window.free < outputs.length) return sendSlowly(outcome, at, outputs);
      for (const output of outputs) send(outcomeSequence, outcome, output);
      return undefined;
    },
  };

  async function sendSlowly(outcome: Outcome, at: OutcomePlace, outputs: readonly Outgoing[]): Promise<void> {
    for (const target of targetsOf(outcome)) await registerTarget(target, at);
    for (const output of outputs) {
      await window.room();
      send(at.outcomeSequence, outcome, output);
    }
  }

  function send(outcomeSequence: number, outcome: Outcome, one: Outgoing): void {
    const { output, headers } = one;
    window.send(outcomeSequence, () => {
      if (!context.mayPublish()) return Promise.reject(new CaxtonError("cancelled", "this process stood still"));
      const expectation = { headers, expectLastSequence };
      expectLastSequence += 1;
      const stored = bus
        .store(outboxSubject(agent, output.kind), Buffer.from(output.body), expectation)
        .then(() => true);
      return told(context.spans, { outcome, output: one }, stored);
    });
  }
}

interface Tail {
  readonly lastSequence: number;
  readonly position: RelayPosition | undefined;
  readonly outputId?: string | undefined;
}

async function readTail({ bus, agent }: LaneContext): Promise<Tail> {
  const stream = outboxStream(agent);
  const info = await bus.streams.info(stream);
  if (info === undefined) throw new CaxtonError("stream-not-found", `there is no stream ${stream}`);
  if (info.messages === 0) return { lastSequence: info.lastSequence, position: undefined };
  const last = await bus.streams.get(stream, info.lastSequence);
  return {
    lastSequence: info.lastSequence,
    position: parsePosition(last?.headers[header.relayPosition]),
    outputId: last?.headers[header.output],
  };
}

/** Another message's outcome where the one lay that the outbox ends with: the stream lost its tail and grew again. */
async function requireSameOutcome(
  { bus, agent }: LaneContext,
  { outcomeSequence }: RelayPosition,
  outputId = "",
): Promise<void> {
  const [, epoch = "", sequence = ""] = outputId.split("/");
  const outcome = await bus.streams.get(outcomeStream(agent), outcomeSequence);
  if (outcome === undefined || outcome.subject === outcomeSubject(agent, epoch, Number(sequence))) return;
  throw outcomesBehind(agent, outcomeSequence, `another lies there (${outcome.subject})`);
}
