import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Rule } from "../auditor/expected.ts";
import { type DeploymentFact, deploymentFacts } from "../harness/deployer.ts";
import { publishPlainly } from "../harness/plain-client.ts";
import { buildAgents } from "./builds.ts";
import { Caxton } from "./caxton.ts";
import { deployByCli } from "./deployments.ts";
import { numberAt, textAt } from "./json-path.ts";
import { auditProblems, type StoryReport } from "./report.ts";
import { Traffic } from "./traffic.ts";
import { startCaxton } from "./start-caxton.ts";
import type { StoryOptions } from "./story.ts";

const agent = "quake-watch";
const factsTimeoutMs = 60_000;
const refusedExitCode = 4;

interface QueueReport extends StoryReport {
  /** How each deployment ended, by what it was in the story. */
  readonly ends: Readonly<Record<string, string>>;
}

/** Deployments that meet: a line, another order, a freeze, one that supersedes, and the end of the agent; under traffic. */
export async function tellQueue({ stage, screen, messages, perSecond }: StoryOptions): Promise<{
  readonly report: QueueReport;
  readonly problems: readonly string[];
}> {
  const startedMs = performance.now();
  screen.title("Deployments that meet: a line, a freeze, and one that is more urgent");
  const addresses = await screen.step("caxton up, in the background", () => startCaxton(stage));
  const caxton = new Caxton(stage, { CAXTON_GATEWAY: addresses.httpUrl });
  const problems: string[] = [];
  /** What it prints, as it is printed, with how it ended where that matters. */
  const tell = async (...words: readonly string[]): Promise<void> => {
    screen.say(`caxton ${words.join(" ")}`);
    screen.say(await caxton.must(...words));
  };
  const refused = async (why: string, ...words: readonly string[]): Promise<void> => {
    const { exitCode, stderr, stdout } = await caxton.run(...words);
    screen.say(`caxton ${words.join(" ")}\n${stdout}${stderr}`);
    if (exitCode !== refusedExitCode) problems.push(`${why} ended with ${exitCode}, not ${refusedExitCode}`);
  };
  await screen.step("caxton agent build, from JavaScript in examples/", () =>
    buildAgents(caxton, screen, stage.folder, ["quake-watch/v1", "quake-watch/v2"]),
  );
  const first = await screen.step("caxton deploy agent quake-watch-v1.wasm", () =>
    deployByCli(caxton, screen, agent, "quake-watch-v1.wasm"),
  );
  await using traffic = await Traffic.begin(screen, agent, addresses, perSecond);
  const { bus, producer } = traffic;
  const until = (deployment: string, ...types: readonly string[]): Promise<readonly DeploymentFact[]> =>
    deploymentFacts(bus, agent, deployment, types, factsTimeoutMs);
  /** Another version each, since each has another limit. */
  let timeoutS = 1;
  const deploy = async (...more: readonly string[]): Promise<string> => {
    const deployment = randomUUID();
    timeoutS += 1;
    const words = [
      "deploy",
      "agent",
      "quake-watch-v2.wasm",
      "--agent",
      agent,
      "--limit",
      `timeout=${timeoutS}s`,
      ...more,
    ];
    await tell(...words, "--deployment", deployment, "--detach");
    return deployment;
  };
  await traffic.flows(perSecond);
  const canary = await screen.step("v2, by a canary that takes its time", async () => {
    const deployment = await deploy("--steps", "25%:10m,100%");
    await until(deployment, "RouteApplied");
    return deployment;
  });
  const [second, third] = await screen.step("two more: they wait, and say what for", async () => {
    const waiting = [await deploy(), await deploy()] as const;
    await tell("get", waiting[1]);
    await tell("queue", agent);
    return waiting;
  });
  await screen.step("another order; who saw an older line is told", async () => {
    const revision = String(numberAt(await caxton.json("queue", agent), "queueRevision") ?? 0);
    await tell("queue", "move", third, "--to", "1", "--revision", revision, "--reason", "the customer waits");
    await refused("a stale move", "queue", "move", second, "--to", "1", "--revision", revision);
    await tell("cancel", second, "--reason", "not needed any more");
  });
  await screen.step("a freeze: nothing new comes in", async () => {
    await tell("freeze", "--reason", "year's end", "--until", "2h");
    await refused("a deployment in a freeze", "deploy", "agent", "quake-watch-v1.wasm", "--agent", agent, "--detach");
    await refused("a promotion in a freeze", "promote", canary);
    await tell("unfreeze", "--reason", "one day more");
  });
  const urgent = await screen.step(
    "a hotfix supersedes the canary; then the one in line starts by itself",
    async () => {
      const deployment = await deploy("--on-conflict", "supersede", "--reason", "it mends an outage");
      await until(canary, "DeploymentRolledBack");
      await until(deployment, "DeploymentCompleted");
      await until(third, "DeploymentCompleted");
      await tell("history", agent, "-n", "16");
      return deployment;
    },
  );
  await screen.step("hold and release", async () => {
    await tell("hold", agent, "--reason", "its database is being moved");
    await tell("release", agent);
  });
  await screen.step("undeploy: the inbox is drained, and producers are told by the server", async () => {
    await producer.reached(messages);
    await tell("undeploy", agent, "--inbox", "drain", "--reason", "the story is over");
    const said = await publishPlainly(addresses.natsUrl, `caxton.inbox.${agent}`, "{}");
    const word = said instanceof Error ? "no stream takes it" : "acknowledged";
    screen.say(`a publish to caxton.inbox.${agent}, with any client: ${word} (${String(said)})`);
    if (!(said instanceof Error)) problems.push("a publish to an agent that was undeployed was acknowledged");
    await writeFile(join(stage.folder, "one.json"), "{}");
    await refused("a message by the gateway", "send", agent, "one.json");
  });
  const back = await screen.step("and it comes back like a first", () =>
    deployByCli(caxton, screen, agent, "quake-watch-v1.wasm"),
  );
  const versions: Record<string, Rule> = {};
  for (const [id, rule] of [
    [first, "v1"],
    [canary, "v2"],
    [urgent, "v2"],
    [third, "v2"],
    [back, "v1"],
  ] as const)
    versions[textAt(await caxton.json("get", id), "version")] = rule;
  const found = await screen.step("traffic stops, the auditor counts", async () => {
    await traffic.stop();
    const report = await traffic.audit(versions);
    traffic.tellVersions(report);
    return report;
  });
  const ends: Record<string, string> = {};
  for (const [what, id] of Object.entries({ canary, cancelled: second, waited: third, urgent, back }))
    ends[what] = textAt(await caxton.json("get", id), "state");
  const expected = {
    canary: "RolledBack",
    cancelled: "RolledBack",
    waited: "Retired",
    urgent: "Retired",
    back: "Running",
  };
  for (const [what, state] of Object.entries(expected))
    if (ends[what] !== state) problems.push(`${what} is ${ends[what]}, not ${state}`);
  return {
    report: { ...found, ends, durationMs: Math.round(performance.now() - startedMs) },
    problems: [...problems, ...auditProblems(found), ...found.findings],
  };
}
