import { fileURLToPath } from "node:url";
import { setTimeout as delay } from "node:timers/promises";
import { inboxSubject, outboxStream, outcomeStream } from "@caxton/contracts/subjects";
import { startHotPath } from "../../tests/harness/hot-path.ts";
import { type Guest, outputShare, type Side } from "./side.ts";

export const agent = "bench";
export const version = "bench-v1-aaaaa";
const pollMs = 5;

/** Ours: agent-host, its instance and a router as processes of their own. */
export async function startRoutedSide(guest: Guest): Promise<Side> {
  const path = await startHotPath();
  await path.start("agent-host");
  await path.start("router");
  await path.deploy(agent, version, fileURLToPath(new URL(`../agents/${guest}.js`, import.meta.url)), {});

  async function stored(stream: string, count: number): Promise<void> {
    while (((await path.bus.streams.info(stream))?.messages ?? 0) < count) await delay(pollMs);
  }

  return {
    url: path.server.url,
    inboxSubject: inboxSubject(agent),
    outputStream: outboxStream(agent),
    begin: () =>
      path.route(agent, { revision: 1, targets: [{ version, share: 1, messageTimeoutMs: 1_000 }], closed: [] }),
    async finished(count) {
      await stored(outcomeStream(agent), count);
      await stored(outboxStream(agent), Math.floor(count * outputShare[guest]));
    },
    [Symbol.asyncDispose]: () => path[Symbol.asyncDispose](),
  };
}
