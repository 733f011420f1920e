import { decodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import type { OutputPlace } from "@caxton/contracts/message-life";
import { RelayCheckpoint } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import { header, outboxStream, outcomeStream, relayBucket } from "@caxton/contracts/subjects";
import type { StoredOutcome } from "@caxton/service/letters/stored-outcome";

const checkpointSchema = checker("relay checkpoint", RelayCheckpoint);

/** Where the outputs of an outcome are: the outbox is in the order of outcomes, so that one is found in a few reads. */
export async function outputPlaces(bus: Bus, { outcome, position }: StoredOutcome): Promise<OutputPlace[]> {
  const { agent, outputs } = outcome;
  if (outputs.length === 0) return [];
  const outcomeEpochMs = (await bus.streams.info(outcomeStream(agent)))?.createdAtMs;
  const lanes = new Map<string, boolean>();
  const checkpoints = await bus.kv(relayBucket);
  for (const to of new Set(outputs.map((output) => output.to))) {
    const key = to === undefined ? `${agent}.outbox` : `${agent}.to.${to}`;
    const entry = await checkpoints.get(key);
    const checkpoint = entry && checkpointSchema.check(decodeJson(entry.value));
    const isAbout = checkpoint !== undefined && checkpoint.outcomeEpochMs === Math.trunc(outcomeEpochMs ?? -1);
    lanes.set(to ?? "", isAbout && checkpoint.outcomeSequence >= position);
  }
  return await Promise.all(
    outputs.map(async ({ to, kind, body }, index) => {
      const isPassedOn = lanes.get(to ?? "") === true;
      if (to !== undefined) return { index, to, kind, body, passedOn: isPassedOn };
      const id = `${agent}/${outcome.epoch}/${outcome.sequence}/${index}`;
      const outboxSequence = await findInOutbox(bus, agent, position, index, id);
      return {
        index,
        kind,
        body,
        passedOn: isPassedOn || outboxSequence !== undefined,
        ...(outboxSequence === undefined ? {} : { outboxSequence }),
      };
    }),
  );
}

async function findInOutbox(
  bus: Bus,
  agent: string,
  position: number,
  index: number,
  id: string,
): Promise<number | undefined> {
  const info = await bus.streams.info(outboxStream(agent));
  let low = info?.firstSequence ?? 1;
  let high = info?.lastSequence ?? 0;
  while (low <= high) {
    const middle = Math.floor((low + high) / 2);
    const message = await bus.streams.get(outboxStream(agent), middle);
    if (message === undefined) return undefined;
    if (message.headers[header.output] === id) return middle;
    const [, at = 0, nth = 0] = (message.headers[header.relayPosition] ?? "").split(".").map(Number);
    if (at < position || (at === position && nth < index)) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}
