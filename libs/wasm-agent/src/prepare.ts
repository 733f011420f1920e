import { randomUUID } from "node:crypto";
import { access, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { hasErrorCode } from "./node-error.ts";
import { touch } from "./sweep-cache.ts";
import { runTool } from "./toolchain.ts";

export interface PrepareOptions {
  readonly bytes: Uint8Array;
  /** sha256 of `bytes` in hex, already checked by whoever fetched them. */
  readonly digest: string;
  readonly cacheDir: string;
  readonly memoryMaxBytes: number;
  readonly timeoutMs?: number;
}

export type PreparedPlace = Pick<PrepareOptions, "cacheDir" | "digest" | "memoryMaxBytes">;

export interface Prepared {
  /** Holds agent.js and its core modules; give it to `startRunner`. */
  readonly folder: string;
  /** Whether it was there before. */
  readonly cached: boolean;
}

/** Part of the cache key: jco's version and our own way of using it. */
export const toolVersion = "jco1.35.0-2";
const toolResidentBytes = 1024 * 1024 * 1024;
const abandonedAfterMs = 10 * 60_000;

/** Where `prepareComponent` keeps this component. */
export function preparedFolder(options: PreparedPlace): string {
  return join(options.cacheDir, `${options.digest}-${options.memoryMaxBytes}-${toolVersion}`);
}

/** Where Node keeps what it compiled of our own sources, for the processes that run agents. */
export function codeCacheFolder(cacheDir: string): string {
  return join(cacheDir, "node");
}

export async function isPrepared(place: PreparedPlace): Promise<boolean> {
  try {
    await access(join(preparedFolder(place), "package.json"));
    return true;
  } catch {
    return false;
  }
}

/**
 * Transpiles a component once per digest and memory limit, in a process of its own. It is written aside and renamed, so
 * that any number may do it at once and one that dies half-way leaves nothing that could be taken for the whole.
 * @throws CaxtonError `malformed-component`, `validation-timeout`
 */
export async function prepareComponent(options: PrepareOptions): Promise<Prepared> {
  const folder = preparedFolder(options);
  if (await isPrepared(options)) {
    await touch(folder);
    return { folder, cached: true };
  }
  await mkdir(options.cacheDir, { recursive: true });
  await removeAbandoned(options.cacheDir);
  const aside = join(options.cacheDir, `.${process.pid}-${randomUUID()}`);
  try {
    await runTool(
      { tool: "prepare", bytes: options.bytes, folder: aside, memoryMaxBytes: options.memoryMaxBytes },
      { timeoutMs: options.timeoutMs ?? 30_000, maxResidentBytes: toolResidentBytes + options.bytes.length * 16 },
    );
    await rename(aside, folder);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    // Somebody else was first.
    if (!hasErrorCode(error, "ENOTEMPTY", "EEXIST")) throw error;
  }
  return { folder, cached: false };
}

/** What processes that were killed half-way left behind. */
async function removeAbandoned(cacheDir: string): Promise<void> {
  for (const name of await readdir(cacheDir)) {
    if (!name.startsWith(".")) continue;
    const path = join(cacheDir, name);
    const info = await stat(path).catch(() => undefined);
    if (info !== undefined && Date.now() - info.mtimeMs > abandonedAfterMs)
      await rm(path, { recursive: true, force: true });
  }
}
