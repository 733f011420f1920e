import { randomUUID } from "node:crypto";
import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ShadowReport } from "@caxton/contracts/shadow";
import { deploymentFacts } from "../harness/deployer.ts";
import { buildAgents } from "./builds.ts";
import { Caxton } from "./caxton.ts";
import { deployByCli } from "./deployments.ts";
import { textAt } from "./json-path.ts";
import { auditProblems, type ShadowFigures, type StoryReport } from "./report.ts";
import { thousands } from "./screen.ts";
import { figuresOf, reportOf, runShadow } from "./shadows.ts";
import { Traffic } from "./traffic.ts";
import { startCaxton } from "./start-caxton.ts";
import type { StoryOptions } from "./story.ts";

const agent = "quake-watch";
const factsTimeoutMs = 30_000;
const exampleFile = fileURLToPath(new URL("../../examples/deployments/shadow.yaml", import.meta.url));

interface ShadowStoryReport extends StoryReport {
  readonly shadows: Readonly<Record<"itself" | "stricter" | "v3" | "stopped", ShadowFigures>>;
}

/** What a version would make of live messages, before any of it counts. */
export async function tellShadow({ stage, screen, messages, perSecond }: StoryOptions): Promise<{
  readonly report: ShadowStoryReport;
  readonly problems: readonly string[];
}> {
  const startedMs = performance.now();
  screen.title("Shadow: a version beside the live one, on its messages, with outputs that are compared and never sent");
  const addresses = await screen.step("caxton up, in the background", () => startCaxton(stage));
  const caxton = new Caxton(stage, { CAXTON_GATEWAY: addresses.httpUrl });
  await screen.step("caxton agent build, from JavaScript in examples/", () =>
    buildAgents(caxton, screen, stage.folder, ["quake-watch/v2", "quake-watch/v3"]),
  );
  await copyFile(exampleFile, join(stage.folder, "shadow.yaml"));
  const first = await screen.step("caxton deploy agent quake-watch-v2.wasm", () =>
    deployByCli(caxton, screen, agent, "quake-watch-v2.wasm"),
  );
  await using traffic = await Traffic.begin(screen, agent, addresses, perSecond);
  const { bus, producer } = traffic;
  const beside = (name: string, ...more: readonly string[]): Promise<ShadowReport> =>
    runShadow(caxton, screen, agent, [`quake-watch-${name}.wasm`, ...more]);
  await traffic.flows(perSecond);
  const itself = await screen.step("v2 beside itself: nothing to find", () =>
    beside("v2", "--strategy", "shadow", "--duration", "4s"),
  );
  const stricter = await screen.step("v2 with a stricter configuration, on half of the messages", () =>
    beside(
      "v2",
      "--strategy",
      "shadow",
      "--duration",
      "4s",
      "--sample",
      "50%",
      "--configuration",
      '{"minSignificance":250}',
    ),
  );
  const v3 = await screen.step("v3, by a deployment file; it cannot bear part of the catalogue", async () => {
    screen.say(await caxton.must("lint", "shadow.yaml"));
    const found = await beside("v3", "--config", "shadow.yaml");
    const page = join(stage.folder, "shadow.html");
    await caxton.must("shadow", "report", found.version, "--html", page);
    const html = await readFile(page, "utf8");
    screen.say(
      `caxton shadow report ${found.version} --html shadow.html: one page of ${thousands(html.length)} characters`,
    );
    return found;
  });
  const stopped = await screen.step("another hour of v3, stopped once enough was seen", async () => {
    const deployment = randomUUID();
    const asked = ["--strategy", "shadow", "--deployment", deployment, "--detach"];
    await caxton.must("deploy", "agent", "quake-watch-v3.wasm", "--agent", agent, ...asked);
    await deploymentFacts(bus, agent, deployment, ["VersionReady"], factsTimeoutMs);
    await producer.reached(producer.acknowledged.length + 2 * perSecond);
    screen.say(await caxton.must("status"));
    await caxton.tell((line) => screen.say(line), "abort", deployment, "--reason", "seen enough");
    return await reportOf(caxton, deployment);
  });
  const live = textAt(await caxton.json("get", first), "version");
  const found = await screen.step("traffic stops, the auditor counts", async () => {
    await traffic.stop(messages);
    const rules = { [live]: "v2" } as const;
    const report = await traffic.audit(rules);
    screen.say(await caxton.must("history", agent));
    return report;
  });
  const shadows = {
    itself: figuresOf(itself),
    stricter: figuresOf(stricter),
    v3: figuresOf(v3),
    stopped: figuresOf(stopped),
  };
  const durationMs = Math.round(performance.now() - startedMs);
  return { report: { ...found, shadows, durationMs }, problems: problemsOf(shadows, found, live) };
}

function problemsOf(
  { itself, stricter, v3, stopped }: ShadowStoryReport["shadows"],
  found: Parameters<typeof auditProblems>[0] & { readonly perVersion: Readonly<Record<string, unknown>> },
  live: string,
): readonly string[] {
  const others = Object.keys(found.perVersion).filter((version) => version !== live);
  return [
    ...auditProblems(found),
    ...others.map((version) => `${version} handled a message`),
    ...(itself.compared > 0 && itself.equal === itself.compared
      ? []
      : [`v2 is not like itself: ${itself.groups.join()}`]),
    ...(stricter.groups.includes("alert: fewer outputs") ? [] : ["a stricter configuration left out no alert"]),
    ...(v3.failed > 0 ? [] : ["v3 failed on nothing"]),
    ...(stopped.ended === "stopped" ? [] : [`the last shadow ended as ${stopped.ended}`]),
  ];
}
