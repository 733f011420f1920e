import { constants } from "node:os";
import process from "node:process";
import { parseArgs } from "node:util";
import { Screen } from "./screen.ts";
import { Stage } from "./stage.ts";
import { stories, type Story } from "./stories.ts";

const [defaultName = ""] = Object.keys(stories);
const help = `npm run demo -- [story] [--messages n] [--rate n] [--json]

${Object.entries(stories)
  .map(([name, { about }]) => `  ${name.padEnd(12)} ${about}`)
  .join("\n")}

  --messages n   at least so many messages are sent (20000)
  --rate n       so many a second (1000)
  --json         what was found, as the last line of standard output; the story goes to standard error
`;

const asked = askedFor();
const screen = new Screen(asked.json ? process.stderr : process.stdout);
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

process.exitCode = await play(asked.story);
// What a failed story left open must not keep the demo alive; what it printed is written first.
process.stdout.write("", () => process.exit());

function askedFor(): { story: Story; messages: number; perSecond: number; json: boolean } {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
        messages: { type: "string", default: "20000" },
        rate: { type: "string", default: "1000" },
      },
    });
    if (values.help) {
      process.stdout.write(help);
      process.exit(0);
    }
    const [name = defaultName] = positionals;
    const story = Object.hasOwn(stories, name) ? stories[name] : undefined;
    if (story === undefined) throw new TypeError(`no story '${name}'`);
    return { story, json: values.json, messages: count(values.messages), perSecond: count(values.rate) };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${help}`);
    process.exit(2);
  }
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new TypeError(`'${text}' is no whole number from 1 up`);
  return value;
}

async function play({ tell }: Story): Promise<number> {
  try {
    const { report, problems } = await tell({ stage, screen, messages: asked.messages, perSecond: asked.perSecond });
    await stage.close();
    screen.conclude(report, problems);
    if (asked.json) process.stdout.write(`${JSON.stringify(report)}\n`);
    return problems.length === 0 ? 0 : 1;
  } catch (error) {
    if (interrupted.signal.aborted) return await new Promise<never>(() => undefined);
    screen.say(`\n✗ ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    await stage.close();
    return 1;
  }
}
