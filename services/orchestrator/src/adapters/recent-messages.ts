import type { Bus } from "@caxton/bus/types";
import { hasCode } from "@caxton/contracts/errors";
import { inboundOf } from "@caxton/contracts/inbound";
import { epochOf } from "@caxton/contracts/outcome";
import { inboxStream } from "@caxton/contracts/subjects";
import type { WarmUpMessage } from "../core/warm-up-tally.ts";

const maxMessages = 200;
const maxBytes = 8 * 1024 * 1024;

export interface RecentMessages {
  readonly epoch: string;
  readonly messages: readonly WarmUpMessage[];
}

/**
 * The latest messages of an agent's inbox that are text: at most 200, and fewer where they are large. They are read by
 * sequence, and what reads them is gone afterwards. None where there is no inbox, or it was made again meanwhile.
 */
export async function recentMessages(bus: Bus, agent: string, signal: AbortSignal): Promise<RecentMessages> {
  const info = await bus.streams.info(inboxStream(agent));
  if (info === undefined || info.messages === 0) return { epoch: "", messages: [] };
  const epoch = epochOf(info.createdAtMs);
  const meanBytes = Math.max(1, info.bytes / info.messages);
  const wanted = Math.max(1, Math.min(maxMessages, Math.floor(maxBytes / meanBytes)));
  const fromSequence = Math.max(info.firstSequence, info.lastSequence - wanted + 1);
  const messages: WarmUpMessage[] = [];
  let bytes = 0;
  try {
    const options = { fromSequence, epochMs: info.createdAtMs, signal };
    for await (const stored of bus.streams.read(inboxStream(agent), options)) {
      bytes += stored.data.length;
      if (bytes > maxBytes || messages.length === maxMessages) break;
      const { id, kind, conversation, body, sequence } = inboundOf(agent, epoch, { ...stored, deliveryCount: 1 });
      if (body === undefined) continue;
      messages.push({
        name: `message ${sequence}`,
        // Neither the agent nor who reads its log should take it for the message itself.
        id: `warm-up/${id}`,
        body,
        sequence,
        ...(kind === undefined ? {} : { kind }),
        ...(conversation === undefined ? {} : { conversation }),
      });
    }
  } catch (error) {
    if (!hasCode(error, "stream-not-found")) throw error;
    return { epoch, messages: [] };
  }
  return { epoch, messages };
}
