/**
 * Messages a second from a full inbox to stored outcomes and outputs: `node bench/throughput.ts [messages]`.
 * The processor time a message costs each process says more than the rate, where other work shares the machine.
 */
import { readFile } from "node:fs/promises";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { outboxStream, outcomeStream } from "@caxton/contracts/subjects";
import { startHotPath } from "../tests/harness/hot-path.ts";

/** Clock ticks of /proc/<pid>/stat are hundredths of a second (man 5 proc, USER_HZ). */
async function processorMs(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).replace(/^.*\) /s, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

const count = Number(process.argv[2] ?? 20_000);
await using path = await startHotPath();
await path.start("agent-host");
const router = await path.start("router");
const { pid = 0, isolation } = await path.deploy("echo", "echo-v1-aaaaa", "echo");
await path.send(
  "echo",
  Array.from({ length: count }, (_, n) => JSON.stringify({ n, padding: "x".repeat(280) })),
);
const processes = { "nats-server": path.server.pid, router: router.pid, instance: pid };
const spent = async (): Promise<number[]> => await Promise.all(Object.values(processes).map(processorMs));
const before = await spent();
const targets = [{ version: "echo-v1-aaaaa", share: 1, messageTimeoutMs: 300 }];
const startedMs = performance.now();
await path.route("echo", { revision: 1, targets, closed: [] });
const until = async (stream: string): Promise<number> => {
  while (((await path.bus.streams.info(stream))?.messages ?? 0) < count) await delay(20);
  return performance.now() - startedMs;
};
const [outcomesMs, outputsMs] = await Promise.all([until(outcomeStream("echo")), until(outboxStream("echo"))]);
const after = await spent();
const perSecond = (tookMs: number): number => Math.round((count / tookMs) * 1_000);
const each = Object.keys(processes).map((name, at) => {
  const tookUs = (((after[at] ?? 0) - (before[at] ?? 0)) / count) * 1_000;
  return `${name} ${Math.round(tookUs)} µs`;
});
process.stdout.write(
  `${count} messages: ${perSecond(outcomesMs)}/s to outcomes, ${perSecond(outputsMs)}/s to the outbox; ` +
    `processor time a message: ${each.join(", ")} (${isolation})\n`,
);
