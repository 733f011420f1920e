import { agentStream } from "@caxton/contracts/names";

const prefix = agentStream("");

/** The agent whose history a stream is; undefined for streams of another kind. */
export function agentOfStream(stream: string): string | undefined {
  return stream.startsWith(prefix) ? stream.slice(prefix.length) : undefined;
}
