import { randomUUID } from "node:crypto";
import type { Bus } from "@caxton/bus/types";
import { header, inboxStream } from "@caxton/contracts/subjects";
import { deploymentFacts } from "../harness/deployer.ts";
import { buildAgents } from "./builds.ts";
import { Caxton } from "./caxton.ts";
import { deployByCli } from "./deployments.ts";
import { numberAt, textAt } from "./json-path.ts";
import { auditProblems, type StoryReport } from "./report.ts";
import { thousands } from "./screen.ts";
import { Traffic } from "./traffic.ts";
import { startCaxton } from "./start-caxton.ts";
import type { StoryOptions } from "./story.ts";

const agent = "quake-felt";
const factsTimeoutMs = 60_000;
const nothingLeftExitCode = 4;

interface RedriveStoryReport extends StoryReport {
  /** Messages that the version handled which was taken back, and how many inbox messages repeat one of them. */
  readonly wrong: number;
  readonly repeated: number;
}

/** What a version did that was taken back too late is done again by the one before it, each message once. */
export async function tellRedrive({ stage, screen, messages, perSecond }: StoryOptions): Promise<{
  readonly report: RedriveStoryReport;
  readonly problems: readonly string[];
}> {
  const startedMs = performance.now();
  screen.title("Redrive: what a bad version did, done again by the good one");
  const addresses = await screen.step("caxton up, in the background", () => startCaxton(stage));
  const caxton = new Caxton(stage, { CAXTON_GATEWAY: addresses.httpUrl });
  const say = (line: string): void => screen.say(line);
  await screen.step("caxton agent build, from JavaScript in examples/", () =>
    buildAgents(caxton, screen, stage.folder, ["quake-felt/v1", "quake-felt/v2"]),
  );
  const first = await screen.step("caxton deploy agent quake-felt-v2.wasm: the good one", () =>
    deployByCli(caxton, screen, agent, "quake-felt-v2.wasm"),
  );
  await using traffic = await Traffic.begin(screen, agent, addresses, perSecond);
  const { bus, producer } = traffic;
  await traffic.flows(perSecond);
  const bad = await screen.step(
    "one that guesses worse, by canary; no rule finds that out, a person does",
    async () => {
      const deployment = randomUUID();
      const steps = "30%:10m,100%";
      screen.say(`caxton deploy agent quake-felt-v1.wasm --steps ${steps} --detach`);
      const words = ["deploy", "agent", "quake-felt-v1.wasm", "--agent", agent, "--steps", steps];
      await caxton.must(...words, "--deployment", deployment, "--detach");
      await deploymentFacts(bus, agent, deployment, ["RouteApplied"], factsTimeoutMs);
      await producer.reached(producer.acknowledged.length + 3 * perSecond);
      const version = textAt(await caxton.json("get", deployment), "version");
      screen.say(`caxton rollback ${version}`);
      await caxton.tell(say, "rollback", version, "--reason", "its guesses are too high");
      return { deployment, version };
    },
  );
  await screen.step("caxton redrive --dry-run: what it handled, and what it had said", () =>
    caxton.tell(say, "redrive", bad.version, "--dry-run", "--limit", "5"),
  );
  await screen.step("a hundred of them first, then the rest, under the same traffic", async () => {
    const why = ["--reason", "its guesses were too high"];
    await caxton.tell(say, "redrive", bad.version, "--limit", "100", ...why);
    await caxton.tell(say, "redrive", bad.version, ...why);
  });
  const again = await screen.step("once more: nothing is left", async () => {
    const result = await caxton.run("redrive", bad.version);
    screen.say(result.stdout + result.stderr);
    return result;
  });
  const [sequence = 0] = await repeats(bus);
  await screen.step("one of them, from the inside", async () =>
    screen.say(await caxton.must("message", agent, String(sequence))),
  );
  const good = textAt(await caxton.json("get", first), "version");
  const found = await screen.step("traffic stops, the auditor counts", async () => {
    await traffic.stop(messages);
    const rules = { [good]: "felt-v2", [bad.version]: "felt-v1" } as const;
    const report = await traffic.audit(rules);
    traffic.tellVersions(report);
    return report;
  });
  const wrong = numberAt(found.perVersion, bad.version, "handled") ?? 0;
  const repeated = (await repeats(bus)).length;
  screen.say(`${thousands(repeated)} messages repeat one of the ${thousands(wrong)} that ${bad.version} handled`);
  return {
    report: { ...found, wrong, repeated, durationMs: Math.round(performance.now() - startedMs) },
    problems: [
      ...auditProblems(found),
      ...found.findings,
      ...(wrong > 0 && repeated === wrong ? [] : [`${repeated} were sent again of ${wrong}`]),
      ...(again.exitCode === nothingLeftExitCode ? [] : [`the third redrive ended with ${again.exitCode}`]),
    ],
  };
}

/** Sequences of the messages that repeat another. */
async function repeats(bus: Bus): Promise<readonly number[]> {
  const found: number[] = [];
  for await (const { headers, sequence } of bus.streams.read(inboxStream(agent), { headersOnly: true })) {
    if (headers[header.repeats] !== undefined) found.push(sequence);
  }
  return found;
}
