import { createHash, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Caxton } from "./caxton.ts";
import { numberAt, textAt } from "./json-path.ts";
import type { DeploymentSummary, Refusal } from "./report.ts";
import type { Screen } from "./screen.ts";

/** Refusals of an artifact or an agent end the CLI so (libs/contracts/src/errors.ts). */
const refusedExitCode = 5;

/** Deploys with the CLI and shows what it prints. @returns the deployment's id */
export async function deployByCli(caxton: Caxton, screen: Screen, agent: string, file: string): Promise<string> {
  const deployment = randomUUID();
  screen.say(await caxton.must("deploy", "agent", file, "--agent", agent, "--deployment", deployment));
  return deployment;
}

/** Deploys what must not be deployed; a deployment that is not refused is reported as such. */
export async function deployRefused(
  caxton: Caxton,
  screen: Screen,
  agent: string,
  { what, file }: { readonly what: string; readonly file: string },
): Promise<Refusal> {
  const deployment = randomUUID();
  screen.say(`${what}:`);
  const result = await caxton.run("deploy", "agent", file, "--agent", agent, "--deployment", deployment);
  screen.say(result.stdout);
  const shown = await caxton.json("get", deployment);
  const isRefused = result.exitCode === refusedExitCode && textAt(shown, "state") === "Failed";
  return {
    what,
    deployment,
    stage: isRefused ? textAt(shown, "failure", "stage") : "none",
    code: isRefused ? textAt(shown, "failure", "code") : `exit-code-${result.exitCode}`,
    reason: textAt(shown, "failure", "reason"),
  };
}

/** Puts a component where a command can name it, over plain HTTP. @returns its digest */
export async function upload(httpUrl: string, file: string): Promise<string> {
  const bytes = await readFile(file);
  const digest = createHash("sha256").update(bytes).digest("hex");
  const response = await fetch(`${httpUrl}/artifacts/${digest}`, { method: "PUT", body: new Uint8Array(bytes) });
  if (!response.ok) throw new Error(`uploading ${file}: ${response.status} ${await response.text()}`);
  return digest;
}

/** What the gateway says of a deployment, with when its version handled its first message by the auditor's clock. */
export async function summarize(
  caxton: Caxton,
  deployment: string,
  firstHandledAtMs: (version: string) => number | undefined,
): Promise<DeploymentSummary> {
  const shown = await caxton.json("get", deployment);
  const version = textAt(shown, "version");
  const firstAtMs = firstHandledAtMs(version);
  const requestedAtMs = Date.parse(textAt(shown, "requestedAt"));
  return {
    id: deployment,
    agent: textAt(shown, "agent"),
    version,
    state: textAt(shown, "state"),
    validationMs: numberAt(shown, "timings", "validationMs"),
    deployMs: numberAt(shown, "timings", "deployMs"),
    untilFirstMessageMs: firstAtMs === undefined ? undefined : firstAtMs - requestedAtMs,
  };
}
