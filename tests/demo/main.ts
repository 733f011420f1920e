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

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => {
    screen.say(`\n${signal}: ending everything that was started`);
    void stage.close().then(() => process.exit(signal === "SIGINT" ? 130 : 143));
  });
}

try {
  const report = await tellStory({ stage, screen, messages, perSecond: Number(values.rate) });
  await stage.close();
  const problems = problemsOf(report, expectedRefusals, messages);
  for (const problem of problems) screen.say(`✗ ${problem}`);
  process.exitCode = problems.length === 0 ? 0 : 1;
  if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
} catch (error) {
  screen.say(`\n✗ ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  process.exitCode = 1;
} finally {
  await stage.close();
}
