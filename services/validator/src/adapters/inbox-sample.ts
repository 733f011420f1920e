import type { Bus, StoredMessage } from "@caxton/bus/types";
import { hasCode } from "@caxton/contracts/errors";
import { header, inboxStream } from "@caxton/contracts/subjects";
import type { AgentMessage } from "@caxton/wasm-agent/runner-protocol";

const maxMessages = 200;
const maxBytes = 8 * 1024 * 1024;

/** The latest messages of an agent's inbox: at most 200, and fewer where they are large. None where it has no inbox. */
export async function inboxSample(bus: Bus, agent: string): Promise<readonly AgentMessage[]> {
  const info = await bus.streams.info(inboxStream(agent));
  if (info === undefined || info.messages === 0) return [];
  const meanBytes = Math.max(1, info.bytes / info.messages);
  const wanted = Math.max(1, Math.min(maxMessages, Math.floor(maxBytes / meanBytes)));
  const fromSequence = Math.max(info.firstSequence, info.lastSequence - wanted + 1);
  const sample: AgentMessage[] = [];
  let bytes = 0;
  try {
    for await (const stored of bus.streams.read(inboxStream(agent), { fromSequence })) {
      bytes += stored.data.length;
      if (bytes > maxBytes || sample.length === maxMessages) break;
      sample.push(toMessage(stored));
    }
  } catch (error) {
    if (!hasCode(error, "stream-not-found")) throw error;
  }
  return sample;
}

function toMessage({ data, headers, sequence }: StoredMessage): AgentMessage {
  const message = { id: `message ${sequence} of the inbox`, body: new TextDecoder().decode(data) };
  const kind = headers[header.kind];
  return kind === undefined ? message : { ...message, kind };
}
