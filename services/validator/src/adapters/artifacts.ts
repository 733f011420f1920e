import { createHash } from "node:crypto";
import type { Bus } from "@caxton/bus/types";
import { CaxtonError } from "@caxton/contracts/errors";
import { artifactMaxBytes } from "@caxton/contracts/limits";
import { artifactBucket } from "@caxton/contracts/subjects";

/**
 * The bytes of an uploaded artifact, named by its sha256 in hex.
 * @throws CaxtonError `unknown-artifact`, `artifact-too-large` (before anything is fetched), `digest-mismatch`, and as Bus
 */
export async function fetchArtifact(bus: Bus, digest: string): Promise<Uint8Array> {
  const bucket = await bus.objects(artifactBucket);
  const sizeBytes = await bucket.sizeBytes(digest);
  if (sizeBytes !== undefined && sizeBytes > artifactMaxBytes) {
    throw new CaxtonError(
      "artifact-too-large",
      `the file has ${sizeBytes} bytes, the largest accepted is ${artifactMaxBytes}`,
    );
  }
  const bytes = sizeBytes === undefined ? undefined : await bucket.get(digest);
  if (bytes === undefined) {
    throw new CaxtonError("unknown-artifact", `no artifact with sha256 ${digest} was uploaded: upload it first`);
  }
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found !== digest) {
    throw new CaxtonError(
      "digest-mismatch",
      `what is stored as ${digest} has the sha256 ${found}: upload the file again`,
    );
  }
  return bytes;
}
