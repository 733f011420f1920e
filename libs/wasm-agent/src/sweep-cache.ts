import { randomUUID } from "node:crypto";
import { readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { hasErrorCode } from "./node-error.ts";

export interface SweepOptions {
  readonly cacheDir: string;
  /** Digests of components that run, or that somebody may want to run again; they stay, and count as used now. */
  readonly inUse: ReadonlySet<string>;
  /** What is not in use stays for so long after it was used last. */
  readonly retentionMs: number;
  readonly nowMs: number;
}

/** What is kept of a component: its prepared folder for each memory limit, and what was read of it. */
const ofComponent = /^([0-9a-f]{64})-/;

/**
 * Removes what nobody used for long from a folder of prepared components. Any number may do it at once, also while
 * components are prepared there. Other files are left alone. @returns the names of what went
 */
export async function sweepCache({ cacheDir, inUse, retentionMs, nowMs }: SweepOptions): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const name of await names(cacheDir)) {
    const digest = ofComponent.exec(name)?.[1];
    if (digest === undefined) continue;
    const path = join(cacheDir, name);
    if (inUse.has(digest)) await touch(path, nowMs);
    else if ((await usedAtMs(path)) < nowMs - retentionMs && (await remove(cacheDir, path))) removed.push(name);
  }
  return removed;
}

/** Says that something in the cache is being used, so that no sweep takes it away. */
export async function touch(path: string, nowMs = Date.now()): Promise<void> {
  try {
    await utimes(path, nowMs / 1_000, nowMs / 1_000);
  } catch (error) {
    if (!hasErrorCode(error, "ENOENT")) throw error;
  }
}

async function names(cacheDir: string): Promise<readonly string[]> {
  try {
    return await readdir(cacheDir);
  } catch (error) {
    if (hasErrorCode(error, "ENOENT")) return [];
    throw error;
  }
}

/** Now where it is gone: then there is nothing to remove. */
async function usedAtMs(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.mtimeMs ?? Infinity;
}

/** Aside first, so that nobody finds half of it; what is left aside by one that was killed goes as abandoned. */
async function remove(cacheDir: string, path: string): Promise<boolean> {
  const aside = join(cacheDir, `.${randomUUID()}`);
  try {
    await rename(path, aside);
  } catch (error) {
    if (hasErrorCode(error, "ENOENT")) return false;
    throw error;
  }
  await rm(aside, { recursive: true, force: true });
  return true;
}
