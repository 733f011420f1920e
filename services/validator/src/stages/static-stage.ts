import { toCaxtonError } from "@caxton/contracts/errors";
import { artifactMaxBytes } from "@caxton/contracts/limits";
import type { ValidateRequest } from "@caxton/contracts/validation";
import { inspectComponent } from "@caxton/wasm-agent/inspect";
import { findingOf } from "../core/findings.ts";
import type { StageOutcome } from "../core/report.ts";

/** ADR stage 1: what the file is, what it imports and exports, how much memory it starts with. Nothing of it is run. */
export async function staticStage(
  { digest, limits }: ValidateRequest,
  bytes: Uint8Array,
  cacheDir: string,
): Promise<StageOutcome<"static">> {
  const sizeBytes = bytes.length;
  try {
    const { imports, exports, memoryInitialBytes } = await inspectComponent(bytes, {
      maxBytes: artifactMaxBytes,
      memoryMaxBytes: limits.memoryMaxBytes,
      cache: { cacheDir, digest },
    });
    return { findings: [], facts: { sizeBytes, imports: [...imports], exports: [...exports], memoryInitialBytes } };
  } catch (error) {
    const finding = findingOf(toCaxtonError(error));
    if (finding === undefined) throw error;
    return { findings: [finding], facts: { sizeBytes, imports: [], exports: [] } };
  }
}
