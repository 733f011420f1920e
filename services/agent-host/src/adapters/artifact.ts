import { existsSync } from "node:fs";
import type { Bus } from "@caxton/bus/types";
import { CaxtonError } from "@caxton/contracts/errors";
import type { VersionSpec } from "@caxton/contracts/placement";
import { artifactBucket } from "@caxton/contracts/subjects";
import { prepareComponent, preparedFolder } from "@caxton/wasm-agent/prepare";
import { createHash } from "node:crypto";

/**
 * The folder of the version's prepared component; fetched and prepared on first sight.
 * @throws CaxtonError `unknown-artifact`, `digest-mismatch`, `malformed-component`, `bus-unavailable`
 */
export async function preparedArtifact(bus: Bus, spec: VersionSpec, cacheDir: string): Promise<string> {
  const { digest } = spec;
  const wanted = { cacheDir, digest, memoryMaxBytes: spec.limits.memoryMaxBytes };
  const folder = preparedFolder(wanted);
  if (existsSync(folder)) return folder;
  const bytes = await (await bus.objects(artifactBucket)).get(digest);
  if (bytes === undefined) throw new CaxtonError("unknown-artifact", `no artifact ${digest} was uploaded`);
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found !== digest)
    throw new CaxtonError("digest-mismatch", `the artifact stored as ${digest} has the sha256 ${found}`);
  return (await prepareComponent({ ...wanted, bytes })).folder;
}
