import type { DeployCommand } from "@caxton/contracts/command-message";
import { CaxtonError } from "@caxton/contracts/errors";
import { canonicalJson, fingerprint } from "@caxton/contracts/fingerprint";
import { defaultLimits } from "@caxton/contracts/limits";
import type { Request } from "@caxton/deployment/command";
import { directPlan } from "@caxton/deployment/strategy";

/** Largest configuration, in bytes of JSON text: it travels with the version's specification. */
export const configurationMaxBytes = 64 * 1024;

/**
 * A deploy command from the bus in the words of the domain, with defaults filled in.
 * @throws CaxtonError `invalid-argument` where the configuration is too large
 */
export function deployRequest(agent: string, command: DeployCommand, artifactSizeBytes: number): Request {
  const limits = { ...defaultLimits, ...command.limits };
  const settings = command.configuration ?? {};
  const configuration = canonicalJson(settings);
  const sizeBytes = Buffer.byteLength(configuration);
  if (sizeBytes > configurationMaxBytes) {
    throw new CaxtonError(
      "invalid-argument",
      `the configuration has ${sizeBytes} bytes, at most ${configurationMaxBytes} are taken`,
    );
  }
  const { deployment, artifact, allowBreaking } = command;
  return {
    type: "deploy",
    deployment,
    agent,
    artifact: { digest: artifact.digest, sizeBytes: artifactSizeBytes },
    configuration,
    limits,
    fingerprint: fingerprint(artifact.digest, settings, limits),
    instances: command.instances ?? 1,
    strategy: command.strategy ?? "direct",
    plan: directPlan(),
    ...(allowBreaking === undefined ? {} : { allowBreaking }),
  };
}
