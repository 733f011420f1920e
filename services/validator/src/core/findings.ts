import { type CaxtonError, type ErrorCode, errorCodes } from "@caxton/contracts/errors";
import type { Finding } from "@caxton/contracts/validation";

/** Exit code of the error classes that say something about the artifact (libs/contracts, errors.ts). */
const refusedByValidation = 5;
const alsoFindings: readonly ErrorCode[] = [
  "artifact-empty",
  "artifact-too-large",
  "digest-mismatch",
  "validation-timeout",
];

export function errorFinding(code: ErrorCode, message: string): Finding {
  return { severity: "error", code, message };
}

/** What an error says about the artifact; undefined where it says something about us, so that asking again may help. */
export function findingOf({ code, message }: CaxtonError): Finding | undefined {
  const aboutArtifact = errorCodes[code].exit === refusedByValidation || alsoFindings.includes(code);
  return aboutArtifact ? errorFinding(code, message) : undefined;
}

/** A stage passes unless something in it is an error. */
export function passes(findings: readonly Finding[]): boolean {
  return findings.every(({ severity }) => severity !== "error");
}
