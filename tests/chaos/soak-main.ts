import { writeFile } from "node:fs/promises";
import process from "node:process";
import { parseArgs } from "node:util";
import { memoryGraph } from "./memory-samples.ts";
import { soak } from "./soak.ts";

const help = `pnpm soak [--messages n] [--out name]

Sends messages as quickly as they go through two of each service (360000 unless told otherwise: an hour at 100 a second),
samples the memory of every process each second and writes <name>.json and <name>.svg (soak unless told otherwise).
Exit code 1 where a message was not handled, or a process grew beyond its bound in the second half.
`;

const options = { messages: { type: "string" }, out: { type: "string" }, help: { type: "boolean" } } as const;
const { messages = "360000", out = "soak", help: wantsHelp } = parseArgs({ options }).values;
if (wantsHelp === true) {
  process.stdout.write(help);
} else {
  const count = Number(messages);
  if (!Number.isSafeInteger(count) || count < 1) throw new Error(`--messages ${messages} is no number of messages`);
  await run(count, out);
}

async function run(count: number, name: string): Promise<void> {
  let shown = 0;
  const report = await soak(count, (acknowledged) => {
    if (acknowledged - shown < count / 10) return;
    shown = acknowledged;
    process.stderr.write(`${acknowledged} of ${count} messages accepted\n`);
  });
  await writeFile(`${name}.json`, `${JSON.stringify(report, undefined, 2)}\n`);
  await writeFile(`${name}.svg`, memoryGraph(`RSS during ${report.messages} messages`, report.samples));
  for (const { process: who, halfMiB, endMiB, boundMiB } of report.growth) {
    const mark = endMiB <= boundMiB ? "✓" : "✗";
    console.log(
      `${mark} ${who.padEnd(18)} ${halfMiB.toFixed(0)} → ${endMiB.toFixed(0)} MiB in the second half (bound ${boundMiB.toFixed(0)})`,
    );
  }
  const { accepted, handled, pending } = report.ledger;
  const seconds = (report.elapsedMs / 1_000).toFixed(0);
  console.log(
    `${accepted} accepted, ${handled} handled, ${pending} pending in ${seconds} s; ${name}.json, ${name}.svg`,
  );
  const isGood = handled === accepted && report.growth.every(({ endMiB, boundMiB }) => endMiB <= boundMiB);
  process.exitCode = isGood ? 0 : 1;
}
