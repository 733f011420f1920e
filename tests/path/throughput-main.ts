/** Messages a second from a full inbox to acknowledged outcomes and outputs: `node tests/path/throughput-main.ts [messages]`. */
import process from "node:process";
import { outboxStream, outcomeStream } from "@caxton/contracts/subjects";
import { startHotPath } from "../harness/hot-path.ts";
import { setTimeout as delay } from "node:timers/promises";

const count = Number(process.argv[2] ?? 20_000);
await using path = await startHotPath();
await path.start("agent-host");
await path.start("router");
await path.deploy("echo", "echo-v1-aaaaa", "echo");
await path.send(
  "echo",
  Array.from({ length: count }, (_, n) => JSON.stringify({ n, padding: "x".repeat(280) })),
);
const targets = [{ version: "echo-v1-aaaaa", share: 1, messageTimeoutMs: 300 }];
const startedMs = performance.now();
await path.route("echo", { revision: 1, targets, closed: [] });
const until = async (stream: string): Promise<number> => {
  while (((await path.bus.streams.info(stream))?.messages ?? 0) < count) await delay(20);
  return performance.now() - startedMs;
};
const [outcomesMs, outputsMs] = await Promise.all([until(outcomeStream("echo")), until(outboxStream("echo"))]);
const perSecond = (tookMs: number): number => Math.round((count / tookMs) * 1_000);
process.stdout.write(
  `${count} messages: ${perSecond(outcomesMs)}/s to outcomes, ${perSecond(outputsMs)}/s to the outbox\n`,
);
