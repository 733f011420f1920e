import { shortVersion } from "@caxton/deployment/version-id";

/** How metrics and log lines name a version beside its agent: `v2` as the ADR has it, and the id that commands take. */
export type VersionNames = Readonly<Record<"version" | "version_id", string>>;

export function versionNames(id: string): VersionNames {
  return { version: shortVersion(id), version_id: id };
}
