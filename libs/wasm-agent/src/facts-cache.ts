import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hasErrorCode } from "./node-error.ts";
import { toolVersion } from "./prepare.ts";
import type { InspectFindings } from "./toolchain-protocol.ts";

/** What reading a component gave, before it is held against any limit. */
export interface ComponentFacts extends InspectFindings {
  readonly sizeBytes: number;
}

const file = (cacheDir: string, digest: string) => join(cacheDir, `${digest}-facts-${toolVersion}.json`);

/** What was read of this component before, or undefined. */
export async function rememberedFacts(cacheDir: string, digest: string): Promise<ComponentFacts | undefined> {
  try {
    const facts: unknown = JSON.parse(await readFile(file(cacheDir, digest), "utf8"));
    return isFacts(facts) ? facts : undefined;
  } catch (error) {
    if (hasErrorCode(error, "ENOENT") || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Keeps what was read; whole or not at all. */
export async function rememberFacts(cacheDir: string, digest: string, facts: ComponentFacts): Promise<void> {
  await mkdir(cacheDir, { recursive: true });
  const aside = join(cacheDir, `.${randomUUID()}`);
  await writeFile(aside, JSON.stringify(facts));
  await rename(aside, file(cacheDir, digest));
}

function isFacts(value: unknown): value is ComponentFacts {
  return typeof value === "object" && value !== null && "wit" in value && "memories" in value && "sizeBytes" in value;
}
