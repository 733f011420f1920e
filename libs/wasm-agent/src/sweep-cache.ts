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

/** What is kept of a component that nobody used for long: all of it is that old. */
export interface IdleComponent {
  readonly digest: string;
  readonly names: readonly string[];
  readonly sizeBytes: number;
}

/** What nobody used for long in a folder of prepared components; what is in use is touched. Other files are left alone. */
export async function idleComponents({
  cacheDir,
  inUse,
  retentionMs,
  nowMs,
}: SweepOptions): Promise<readonly IdleComponent[]> {
  const found = new Map<string, { names: string[]; sizeBytes: number; isIdle: boolean }>();
  for (const name of await names(cacheDir)) {
    const digest = ofComponent.exec(name)?.[1];
    if (digest === undefined) continue;
    const path = join(cacheDir, name);
    if (inUse.has(digest)) {
      await touch(path, nowMs);
      continue;
    }
    const component = found.get(digest) ?? { names: [], sizeBytes: 0, isIdle: true };
    found.set(digest, component);
    component.names.push(name);
    component.sizeBytes += await sizeOf(path);
    component.isIdle &&= (await usedAtMs(path)) < nowMs - retentionMs;
  }
  const idle = [...found].filter(([, { isIdle }]) => isIdle);
  return idle.map(([digest, component]) => ({ digest, names: component.names, sizeBytes: component.sizeBytes }));
}

/** Any number may do it at once, also while components are prepared there. @returns the names of what went */
export async function removeComponents(
  cacheDir: string,
  components: readonly IdleComponent[],
): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const name of components.flatMap((component) => component.names)) {
    if (await remove(cacheDir, join(cacheDir, name))) removed.push(name);
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

/** Of everything below it, as far as it is still there. */
async function sizeOf(path: string): Promise<number> {
  const info = await stat(path).catch(() => undefined);
  if (info?.isDirectory() !== true) return info?.size ?? 0;
  const below = await readdir(path).catch(() => []);
  const sizes = await Promise.all(below.map((name) => sizeOf(join(path, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
}
