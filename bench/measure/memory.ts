import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { startHotPath } from "../../tests/harness/hot-path.ts";
import { messageBody } from "./messages.ts";
import { summarize, type Summary } from "./statistics.ts";

const versions = ["bench-v1-aaaaa", "bench-v2-bbbbb", "bench-v3-ccccc"];
const messages = 3_000;

/**
 * What each further version of an agent takes while it runs, one instance each, after it handled messages: proportional set
 * size, in which pages that processes share are counted once (man 5 proc, smaps_rollup).
 */
export async function memoryPerVersionMiB(): Promise<Summary> {
  await using path = await startHotPath();
  await path.start("agent-host");
  await path.start("router");
  const guest = fileURLToPath(new URL("../agents/every.js", import.meta.url));
  const pids: number[] = [];
  for (const version of versions) pids.push((await path.deploy("bench", version, guest, {})).pid ?? 0);
  const share = 1 / versions.length;
  const targets = versions.map((version) => ({ version, share, messageTimeoutMs: 1_000 }));
  await path.route("bench", { revision: 1, targets, closed: [] });
  await path.send(
    "bench",
    Array.from({ length: messages }, (_, n) => messageBody(n)),
  );
  await path.outcomes("bench", messages);
  return summarize(await Promise.all(pids.map(proportionalMiB)));
}

async function proportionalMiB(pid: number): Promise<number> {
  const [, kibibytes] = /^Pss:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/smaps_rollup`, "utf8")) ?? [];
  return Number(kibibytes) / 1024;
}
