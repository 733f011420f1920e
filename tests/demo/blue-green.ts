import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { decodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { SlotStatus, slotTtlMs } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import { slotBucket, versionKey } from "@caxton/contracts/subjects";
import { type DeploymentFact, deploymentFacts } from "../harness/deployer.ts";
import { buildAgents } from "./builds.ts";
import { Caxton } from "./caxton.ts";
import { deployByCli } from "./deployments.ts";
import { at, textAt } from "./json-path.ts";
import { auditProblems, type StoryReport } from "./report.ts";
import type { Screen } from "./screen.ts";
import { Traffic } from "./traffic.ts";
import { startCaxton } from "./start-caxton.ts";
import type { StoryOptions } from "./story.ts";

const agent = "quake-watch";
const factsTimeoutMs = 30_000;
const slotStatus = checker("slot", SlotStatus);
/** The ADR's, with times that fit into a story. */
const file = `deployment:
  strategy: blue-green
  stages:
    - validate: 30s
    - warm_up: 10s
    - switch: instant
    - cleanup: 3s
`;

interface Green {
  readonly deployment: string;
  readonly version: string;
  readonly facts: readonly DeploymentFact[];
}

export interface BlueGreenReport extends StoryReport {
  /** As the events have them; the one that was refused, taken back by hand, gone by itself, and kept. */
  readonly warmUps: Readonly<Record<"refused" | "byHand" | "byItself" | "kept", unknown>>;
  /** Why the one that was gone was taken back, and how long the version before took to be back, in ms. */
  readonly back: { readonly reason: string; readonly decidedMs: number; readonly restoredMs: number };
}

/** Versions that are warmed up, switched to and taken back under traffic, on real parts. */
export async function tellBlueGreen({ stage, screen, messages, perSecond }: StoryOptions): Promise<{
  readonly report: BlueGreenReport;
  readonly problems: readonly string[];
}> {
  const startedMs = performance.now();
  screen.title("Blue-green: warmed up on real messages, switched at once, and back at once");
  const addresses = await screen.step("caxton up, in the background", () => startCaxton(stage));
  const caxton = new Caxton(stage, { CAXTON_GATEWAY: addresses.httpUrl });
  await screen.step("caxton agent build, from JavaScript in examples/", () =>
    buildAgents(caxton, screen, stage.folder, ["quake-watch/v1", "quake-watch/v2", "quake-watch/v3"]),
  );
  await writeFile(join(stage.folder, "blue-green.yaml"), file);
  const first = await screen.step("caxton deploy agent quake-watch-v1.wasm", () =>
    deployByCli(caxton, screen, agent, "quake-watch-v1.wasm"),
  );
  await using traffic = await Traffic.begin(screen, agent, addresses, perSecond);
  const { bus } = traffic;
  const deploy = (name: string, ...more: readonly string[]): Promise<Green> =>
    deployGreen(caxton, screen, bus, [`quake-watch-${name}.wasm`, ...more]);
  await traffic.flows(perSecond, 2 * perSecond);
  const refused = await screen.step(
    "v3 cannot bear part of the catalogue; its warm-up finds out, no message does",
    () => deploy("v3", "--strategy", "blue-green"),
  );
  const byHand = await screen.step("v2, with the times of the ADR, and taken back by hand", async () => {
    const green = await deploy("v2", "--strategy", "blue-green");
    screen.say(`caxton rollback ${green.version}`);
    await caxton.tell((line) => screen.say(line), "rollback", green.version, "--reason", "second thoughts");
    return green;
  });
  const byItself = await screen.step("v2 again; kill -9 of its process, again and again", async () => {
    const green = await deploy("v2", "--strategy", "blue-green");
    const facts = await killUntilBack(bus, green);
    screen.say(`taken back: ${reasonOf(facts)}`);
    screen.say(await caxton.must("explain", green.deployment));
    return { ...green, facts };
  });
  const kept = await screen.step(
    "v2 for good; after its cleanup v1 is retired, and its memory given back",
    async () => {
      screen.say(await caxton.must("lint", "blue-green.yaml"));
      const green = await deploy("v2", "--config", "blue-green.yaml");
      await deploymentFacts(bus, agent, first, ["DeploymentRetired"], factsTimeoutMs);
      screen.say(await caxton.must("list"));
      return green;
    },
  );
  const versions = { [await versionOf(caxton, first)]: "v1", [refused.version]: "v3" } as Record<
    string,
    "v1" | "v2" | "v3"
  >;
  for (const { version } of [byHand, byItself, kept]) versions[version] = "v2";
  const found = await screen.step("traffic stops, the auditor counts", async () => {
    await traffic.stop(messages);
    const report = await traffic.audit(versions);
    traffic.tellVersions(report);
    return report;
  });
  const report: BlueGreenReport = {
    ...found,
    warmUps: {
      refused: warmUpIn(refused),
      byHand: warmUpIn(byHand),
      byItself: warmUpIn(byItself),
      kept: warmUpIn(kept),
    },
    back: backOf(byItself),
    durationMs: Math.round(performance.now() - startedMs),
  };
  const endsOf = (green: Green): string => green.facts.at(-1)?.type ?? "nothing";
  const problems = [
    ...auditProblems(found),
    ...(endsOf(refused) === "DeploymentFailed" ? [] : [`v3 ended as ${endsOf(refused)}`]),
    ...(refused.version in found.perVersion ? ["v3 was given a message"] : []),
    ...(endsOf(byItself) === "DeploymentRolledBack" ? [] : [`the one that was gone ended as ${endsOf(byItself)}`]),
    ...(endsOf(kept) === "DeploymentCompleted" ? [] : [`v2 ended as ${endsOf(kept)}`]),
  ];
  return { report, problems };
}

/** By the CLI, which tells each step as it goes, also where it does not end well. */
async function deployGreen(caxton: Caxton, screen: Screen, bus: Bus, words: readonly string[]): Promise<Green> {
  const deployment = randomUUID();
  const told = `caxton deploy agent ${words.join(" ")}`;
  screen.say(told);
  const said = ["deploy", "agent", ...words, "--agent", agent, "--deployment", deployment];
  await caxton
    .tell((line) => screen.say(line), ...said)
    .catch((error: unknown) => {
      if (!String(error).includes("warm-up-failed")) throw error;
    });
  const ends = ["DeploymentCompleted", "DeploymentFailed", "DeploymentRolledBack", "ValidationFailed"];
  const facts = await deploymentFacts(bus, agent, deployment, ends, factsTimeoutMs);
  return { deployment, version: await versionOf(caxton, deployment), facts };
}

async function versionOf(caxton: Caxton, deployment: string): Promise<string> {
  return textAt(await caxton.json("get", deployment), "version");
}

/** @returns its events until it is taken back */
async function killUntilBack(bus: Bus, { deployment, version }: Green): Promise<readonly DeploymentFact[]> {
  const slots = await bus.kv(slotBucket, { ttlMs: slotTtlMs });
  const over = new AbortController();
  const back = deploymentFacts(bus, agent, deployment, ["DeploymentRolledBack"], factsTimeoutMs);
  const settled = back.then(
    () => over.abort(),
    () => over.abort(),
  );
  const killed = new Set<number>();
  while (!over.signal.aborted) {
    for (const { value } of await slots.entries(`${versionKey(agent, version)}.*`)) {
      const { pid } = slotStatus.check(decodeJson(value));
      if (pid === undefined || killed.has(pid)) continue;
      killed.add(pid);
      process.kill(pid, "SIGKILL");
    }
    await delay(10);
  }
  await settled;
  return await back;
}

function warmUpIn({ facts }: Green): unknown {
  return facts.find(({ type }) => type === "VersionWarmedUp")?.data["warmUp"];
}

function factOf(facts: readonly DeploymentFact[], type: string): unknown {
  return facts.findLast((fact) => fact.type === type)?.data;
}

function reasonOf(facts: readonly DeploymentFact[]): string {
  return textAt(factOf(facts, "RollbackStarted"), "reason");
}

function backOf({ facts }: Green): BlueGreenReport["back"] {
  const started = factOf(facts, "RollbackStarted");
  const atMs = Number(at(started, "atMs"));
  return {
    reason: reasonOf(facts),
    decidedMs: atMs - Number(at(started, "sinceMs")),
    restoredMs: Number(at(factOf(facts, "RouteApplied"), "atMs")) - atMs,
  };
}
