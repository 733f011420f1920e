import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { Bus } from "@caxton/bus/types";
import { type DeploymentFact, deploymentFacts, publishDeploy } from "../harness/deployer.ts";
import type { Caxton } from "./caxton.ts";
import { upload } from "./deployments.ts";
import { at, textAt } from "./json-path.ts";
import type { Screen } from "./screen.ts";

/** Short, so that the story is. */
const steps = "5%:2s,25%:2s,50%:2s,100%";
const ends = ["DeploymentCompleted", "DeploymentFailed", "ValidationFailed", "DeploymentRolledBack"];
const rolloutTimeoutMs = 60_000;

export interface Told {
  readonly deployment: string;
  readonly facts: readonly DeploymentFact[];
}

/** By the CLI, which tells each step as it goes. */
export async function canaryByCli(
  caxton: Caxton,
  screen: Screen,
  bus: Bus,
  { agent, file }: { readonly agent: string; readonly file: string },
): Promise<Told> {
  const deployment = randomUUID();
  const asked = ["deploy", "agent", file, "--agent", agent, "--strategy", "canary", "--steps", steps];
  screen.say(`caxton deploy agent ${file} --strategy canary --steps ${steps}`);
  await caxton.tell((line) => screen.say(line), ...asked, "--deployment", deployment);
  return { deployment, facts: await deploymentFacts(bus, agent, deployment, ends, rolloutTimeoutMs) };
}

/** By a message that any client of the bus may publish; it needs the artifact's digest and nothing else. */
export async function canaryByMessage(
  screen: Screen,
  bus: Bus,
  { agent, folder, file, httpUrl }: { agent: string; folder: string; file: string; httpUrl: string },
): Promise<Told> {
  const digest = await upload(httpUrl, join(folder, file));
  const watched = [{ share: 0.05, watchMs: 60_000 }, { share: 0.5, watchMs: 60_000 }, { share: 1 }];
  const deployment = await publishDeploy(bus, agent, digest, "demo", {
    strategy: "canary",
    canary: { steps: watched },
  });
  screen.say(`published on caxton.commands.demo.${agent}.deploy; published back, as it is stored:`);
  const facts = await deploymentFacts(bus, agent, deployment, ends, rolloutTimeoutMs);
  for (const { type, data } of facts) screen.say(`  ${type} ${wordsOn(type, data)}`);
  return { deployment, facts };
}

function wordsOn(type: string, data: DeploymentFact["data"]): string {
  if (type === "RouteChanged") {
    const targets = at(data, "targets");
    const shares = Array.isArray(targets) ? targets : [];
    return shares.map((one) => `${textAt(one, "version")} ${Number(at(one, "share")) * 100}%`).join(", ");
  }
  if (type === "VerdictReached") return `${textAt(data, "verdict", "outcome")}: ${textAt(data, "decision")}`;
  return type === "RollbackStarted" ? textAt(data, "reason") : textAt(data, "version");
}
