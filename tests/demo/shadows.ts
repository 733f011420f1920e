import { randomUUID } from "node:crypto";
import { shadowReport, type ShadowReport } from "@caxton/contracts/shadow";
import type { Caxton } from "./caxton.ts";
import type { ShadowFigures } from "./report.ts";
import type { Screen } from "./screen.ts";

/** By the CLI, which tells how it goes and what was found. */
export async function runShadow(
  caxton: Caxton,
  screen: Screen,
  agent: string,
  words: readonly string[],
): Promise<ShadowReport> {
  const deployment = randomUUID();
  screen.say(`caxton deploy agent ${words.join(" ")}`);
  const asked = ["deploy", "agent", ...words, "--agent", agent, "--deployment", deployment];
  await caxton.tell((line) => screen.say(line), ...asked);
  return await reportOf(caxton, deployment);
}

export async function reportOf(caxton: Caxton, deployment: string): Promise<ShadowReport> {
  return shadowReport.check(await caxton.json("shadow", "report", deployment));
}

export function figuresOf({ version, ending, messages, shareEqual, differences }: ShadowReport): ShadowFigures {
  const { compared, equal, different, failed, missed } = messages;
  return {
    version,
    ended: ending?.cause ?? "not at all",
    compared,
    equal,
    different,
    failed,
    missed,
    shareEqual: shareEqual?.value ?? 0,
    groups: differences.map(({ group }) => group),
  };
}
