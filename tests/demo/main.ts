import { constants } from "node:os";
import process from "node:process";
import { parseArgs } from "node:util";
import { problemsOf } from "./report.ts";
import { Screen } from "./screen.ts";
import { Stage } from "./stage.ts";
import { expectedRefusals, tellStory } from "./story.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    messages: { type: "string", default: "20000" },
    rate: { type: "string", default: "1000" },
  },
});
const messages = Number(values.messages);
const screen = new Screen(values.json ? process.stderr : process.stdout);
const stage = await Stage.open();
const interrupted = new AbortController();

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    if (interrupted.signal.aborted) return;
    interrupted.abort();
    screen.say(`\n${signal}: ending everything that was started`);
    void stage.close().then(() => process.exit(128 + constants.signals[signal]));
  });
}

// A reader that has seen enough, such as head, ends the demo like Ctrl-C.
process.stdout.on("error", () => process.kill(process.pid, "SIGTERM"));

async function play(): Promise<number> {
  try {
    const report = await tellStory({ stage, screen, messages, perSecond: Number(values.rate) });
    await stage.close();
    const problems = problemsOf(report, expectedRefusals, messages);
    screen.conclude(report, problems);
    if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
    return problems.length === 0 ? 0 : 1;
  } catch (error) {
    if (interrupted.signal.aborted) return await new Promise<never>(() => undefined);
    screen.say(`\n✗ ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    await stage.close();
    return 1;
  }
}

process.exitCode = await play();
// What a failed story left open must not keep the demo alive; what it printed is written first.
process.stdout.write("", () => process.exit());
