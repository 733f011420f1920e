import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { audit } from "../auditor/audit.ts";
import type { AuditReport } from "../auditor/report.ts";
import type { Producer } from "../harness/producer.ts";
import { buildAgents } from "./builds.ts";
import { Caxton } from "./caxton.ts";
import { canaryByCli, canaryByMessage } from "./canaries.ts";
import { badCanary, canarySteps, readOutcomes } from "./canary-figures.ts";
import { deployByCli, deployRefused, summarize } from "./deployments.ts";
import { at, textAt } from "./json-path.ts";
import type { DemoReport, ExpectedRefusal, Refusal } from "./report.ts";
import { thousands, type Screen } from "./screen.ts";
import { figuresOf, runShadow } from "./shadows.ts";
import type { Stage } from "./stage.ts";
import { Traffic } from "./traffic.ts";
import { startCaxton, type Addresses } from "./start-caxton.ts";

const agent = "quake-watch";
const settleTimeoutMs = 30_000;
/** Where a broken file breaks off. */
const brokenAfterBytes = 1_000;

export interface StoryOptions {
  readonly stage: Stage;
  readonly screen: Screen;
  /** At least so many messages are sent. */
  readonly messages: number;
  readonly perSecond: number;
}

interface Refusable extends ExpectedRefusal {
  readonly file: string;
}

const refusable: readonly Refusable[] = [
  { what: "a broken file", file: "broken.wasm", stage: "static", code: "malformed-component" },
  {
    what: "an agent that breaks its contract",
    file: "breaks-its-contract.wasm",
    stage: "contracts",
    code: "output-undeclared",
  },
  { what: "an agent that never returns", file: "never-returns.wasm", stage: "sandbox", code: "start-timeout" },
];
export const expectedRefusals: readonly ExpectedRefusal[] = refusable;

/** The story of issue and README, on real parts: what it says on the screen is what just happened. */
export async function tellStory({ stage, screen, messages, perSecond }: StoryOptions): Promise<DemoReport> {
  const startedMs = performance.now();
  screen.title("A new version of an agent, under traffic, without losing a message");

  const addresses = await screen.step("caxton up, in the background", async () => {
    const started = await startCaxton(stage);
    screen.say(`nats-server ${started.natsUrl}   gateway ${started.httpUrl}   data ${stage.folder}`);
    return started;
  });
  const caxton = new Caxton(stage, { CAXTON_GATEWAY: addresses.httpUrl });

  await screen.step("caxton agent build, from JavaScript in examples/", () => buildAll(caxton, screen, stage.folder));

  const first = await screen.step("caxton deploy agent quake-watch-v1.wasm", () =>
    deployByCli(caxton, screen, agent, "quake-watch-v1.wasm"),
  );

  await using traffic = await Traffic.begin(screen, agent, addresses, perSecond);
  const { bus, producer } = traffic;
  await traffic.flows(perSecond);
  const good = await screen.step("v2, by canary: 5, 25, 50, then 100 % of the traffic", () =>
    canaryByCli(caxton, screen, bus, { agent, file: "quake-watch-v2.wasm" }),
  );
  const bad = await screen.step(
    "v3 cannot bear what part of the real catalogue looks like; by canary, from the bus",
    () => canaryByMessage(screen, bus, { agent, folder: stage.folder, file: "quake-watch-v3.wasm", ...addresses }),
  );
  await screen.step("caxton explain, of the one that was taken back", async () =>
    screen.say(await caxton.must("explain", bad.deployment)),
  );
  const beside = await screen.step("v3 once more, beside v2 as a shadow: what it would do, and nobody is hurt", () =>
    runShadow(caxton, screen, agent, ["quake-watch-v3.wasm", "--strategy", "shadow", "--duration", "3s"]),
  );
  const refused = await screen.step("three that must not get in, still under traffic", () =>
    deployAllRefused(caxton, screen),
  );
  const report = await screen.step("traffic stops, the auditor counts", async () => {
    await traffic.stop(messages);
    const found = await auditTraffic(
      caxton,
      addresses,
      producer,
      { v1: first, v2: good.deployment, v3: bad.deployment },
      screen,
    );
    screen.say(`caxton ledger ${agent}:\n${await caxton.must("ledger", agent)}`);
    return found;
  });
  const replayMatches = await screen.step("the deployments' events, read back from the store", () =>
    readBack(caxton, screen),
  );
  const summaries = [first, good.deployment, bad.deployment].map((id) =>
    summarize(caxton, id, (version) => report.perVersion[version]?.firstHandledAtMs),
  );
  const deployments = await Promise.all(summaries);
  screen.tellTimings(deployments);
  const durationMs = Math.round(performance.now() - startedMs);
  const outcomes = await readOutcomes(bus, agent);
  const canaries = { canary: { steps: canarySteps(good.facts, outcomes) }, bad: badCanary(bad.facts, outcomes) };
  screen.tellCanaries(canaries);
  const shadow = figuresOf(beside);
  return { ...report, ...canaries, shadow, deployments, refused, replayMatches, eventStore: "jetstream", durationMs };
}

async function buildAll(caxton: Caxton, screen: Screen, folder: string): Promise<void> {
  const refused = ["refused/breaks-its-contract", "refused/never-returns"];
  await buildAgents(caxton, screen, folder, ["quake-watch/v1", "quake-watch/v2", "quake-watch/v3", ...refused]);
  const whole = await readFile(join(folder, "quake-watch-v1.wasm"));
  await writeFile(join(folder, "broken.wasm"), whole.subarray(0, brokenAfterBytes));
}

async function deployAllRefused(caxton: Caxton, screen: Screen): Promise<readonly Refusal[]> {
  const refused: Refusal[] = [];
  for (const { what, file } of refusable) {
    refused.push(await deployRefused(caxton, screen, agent, { what, file }));
  }
  return refused;
}

async function auditTraffic(
  caxton: Caxton,
  { natsUrl }: Addresses,
  { acknowledged }: Producer,
  deployed: Readonly<Record<"v1" | "v2" | "v3", string>>,
  screen: Screen,
): Promise<AuditReport> {
  const versionOf = async (deployment: string): Promise<string> =>
    textAt(await caxton.json("get", deployment), "version");
  const rules = {
    [await versionOf(deployed.v1)]: "v1",
    [await versionOf(deployed.v2)]: "v2",
    [await versionOf(deployed.v3)]: "v3",
  } as const;
  const report = await audit({ url: natsUrl, agent, acknowledged, rules, settleTimeoutMs });
  const outputs = Object.values(report.perVersion).reduce((sum, version) => sum + version.outputs, 0);
  screen.say(`accepted ${thousands(report.accepted)}, of which acknowledged ${thousands(report.acknowledged)}`);
  for (const [version, { handled }] of Object.entries(report.perVersion))
    screen.say(`  ${version} handled ${thousands(handled)}`);
  screen.say(`lost ${report.lost}, pending ${report.pending}, dead-lettered ${report.deadLettered}`);
  screen.say(
    `${thousands(outputs)} outputs: doubled ${report.duplicateOutputs}, missing ${report.missingOutputs}, wrong ${report.wrongOutputs}`,
  );
  return report;
}

/** @returns whether the state folded from the events is the one that is served */
async function readBack(caxton: Caxton, screen: Screen): Promise<boolean> {
  screen.say(await caxton.must("events", agent));
  const replay = await caxton.run("replay", agent, "--json");
  screen.say(await caxton.must("replay", agent).catch(String));
  return replay.exitCode === 0 && at(JSON.parse(replay.stdout), "matches") === true;
}
