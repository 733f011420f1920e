import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Bus } from "@caxton/bus/types";
import { deploymentFacts } from "../harness/deployer.ts";
import { buildAgents } from "./builds.ts";
import { Caxton } from "./caxton.ts";
import { deployByCli } from "./deployments.ts";
import { at, numberAt, textAt } from "./json-path.ts";
import { auditProblems, type StoryReport } from "./report.ts";
import type { Screen } from "./screen.ts";
import { Traffic } from "./traffic.ts";
import { startCaxton } from "./start-caxton.ts";
import type { StoryOptions } from "./story.ts";

const agent = "quake-felt";
const factsTimeoutMs = 60_000;
const file = `deployment:
  strategy: ab
  share: 50%
  duration: 6s
  measure:
    path: $.score
    kind: guess
    better: higher
`;

interface Compared {
  readonly deployment: string;
  readonly version: string;
  readonly recommendation: string;
  readonly difference: Readonly<Record<"observed" | "low" | "high", number>>;
}

interface AbStoryReport extends StoryReport {
  readonly tests: Readonly<Record<"same" | "better", Compared>>;
}

/** A version that does the same shows no difference, one that does better is found out, and a person decides. */
export async function tellAb({ stage, screen, messages, perSecond }: StoryOptions): Promise<{
  readonly report: AbStoryReport;
  readonly problems: readonly string[];
}> {
  const startedMs = performance.now();
  screen.title("An A/B test: is the new version better at what it is for?");
  const addresses = await screen.step("caxton up, in the background", () => startCaxton(stage));
  const caxton = new Caxton(stage, { CAXTON_GATEWAY: addresses.httpUrl });
  await screen.step("caxton agent build: an agent that guesses how many felt a quake, and scores itself", () =>
    buildAgents(caxton, screen, stage.folder, ["quake-felt/v1", "quake-felt/v2"]),
  );
  await writeFile(join(stage.folder, "ab.yaml"), file);
  const first = await screen.step("caxton deploy agent quake-felt-v1.wasm", () =>
    deployByCli(caxton, screen, agent, "quake-felt-v1.wasm"),
  );
  await using traffic = await Traffic.begin(screen, agent, addresses, perSecond);
  const { bus } = traffic;
  await traffic.flows(perSecond);
  const same = await screen.step("v1 against itself, with the file of an A/B test", async () => {
    screen.say(await caxton.must("lint", "ab.yaml"));
    const tested = await compare(caxton, screen, bus, [
      "quake-felt-v1.wasm",
      "--config",
      "ab.yaml",
      "--configuration",
      '{"again":true}',
    ]);
    await decide(caxton, screen, "rollback", tested.version);
    return tested;
  });
  const better = await screen.step("v2, which knows that deep ones are felt less", async () => {
    const tested = await compare(caxton, screen, bus, [
      "quake-felt-v2.wasm",
      "--strategy",
      "ab",
      "--duration",
      "8s",
      "--measure",
      "$.score",
    ]);
    await decide(caxton, screen, "promote", tested.version);
    await deploymentFacts(bus, agent, tested.deployment, ["DeploymentCompleted"], factsTimeoutMs);
    screen.say(await caxton.must("history", agent));
    return tested;
  });
  const firstVersion = textAt(await caxton.json("get", first), "version");
  const rules = { [firstVersion]: "felt-v1", [same.version]: "felt-v1", [better.version]: "felt-v2" } as const;
  const found = await screen.step("traffic stops, the auditor counts", async () => {
    await traffic.stop(messages);
    const report = await traffic.audit(rules);
    traffic.tellVersions(report);
    return report;
  });
  const durationMs = Math.round(performance.now() - startedMs);
  const recommended = (is: Compared, should: string): readonly string[] =>
    is.recommendation === should ? [] : [`${is.version}: ${is.recommendation} was recommended, not ${should}`];
  return {
    report: { ...found, tests: { same, better }, durationMs },
    problems: [
      ...auditProblems(found),
      ...found.findings,
      // One in twenty such tests shows a difference that is not there; it is a small one.
      ...(Math.abs(same.difference.observed) < 0.05 ? [] : [`v1 differs from itself by ${same.difference.observed}`]),
      ...recommended(better, "promote"),
    ],
  };
}

/** Deploys, looks once before the time is over, and then when it is. */
async function compare(caxton: Caxton, screen: Screen, bus: Bus, words: readonly string[]): Promise<Compared> {
  const deployment = randomUUID();
  screen.say(`caxton deploy agent ${words.join(" ")}`);
  await caxton.must("deploy", "agent", ...words, "--agent", agent, "--deployment", deployment, "--detach");
  await deploymentFacts(bus, agent, deployment, ["RouteApplied"], factsTimeoutMs);
  screen.say(await caxton.must("ab", "report", deployment));
  await deploymentFacts(bus, agent, deployment, ["ApprovalAwaited"], factsTimeoutMs);
  screen.say(`\ncaxton ab report, now that its time is over\n${await caxton.must("ab", "report", deployment)}`);
  const report = await caxton.json("ab", "report", deployment);
  const difference = {
    observed: numberAt(report, "difference", "observed") ?? Number.NaN,
    low: numberAt(report, "difference", "low") ?? Number.NaN,
    high: numberAt(report, "difference", "high") ?? Number.NaN,
  };
  const version = textAt(at(report, "candidate"), "version");
  return { deployment, version, recommendation: textAt(report, "recommendation"), difference };
}

async function decide(caxton: Caxton, screen: Screen, verb: "promote" | "rollback", version: string): Promise<void> {
  const reason = verb === "promote" ? "it guesses better" : "no difference, so the old one stays";
  screen.say(`caxton ${verb} ${version}`);
  screen.say(await caxton.must(verb, version, "--reason", reason));
}
