import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, rmdirSync } from "node:fs";
import { mkdir, readFile, readdir, rmdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { processName } from "./process-name.ts";

const run = promisify(execFile);

export type Isolation = "cgroup-v2" | "cgroup-v1" | "data-limit" | "none";

/** What bounds one process's memory besides the cap in its component. */
export interface MemoryBound {
  readonly isolation: Isolation;
  /** Puts a running process inside; what it used before is not counted. */
  hold(pid: number): Promise<void>;
  /** Whether the kernel ended a process because it passed the bound. */
  outOfMemory(): Promise<boolean>;
  /** Removes what was made; after the process is gone. */
  remove(): Promise<void>;
}

const v1Root = "/sys/fs/cgroup/memory";
const v2Roots = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];
/** `prlimit --data` counts every writable mapping, of which node reserves more than it uses. */
const dataLimitExtraBytes = 768 * 1024 * 1024;

/** The strongest bound to be had here: a cgroup of its own, else a limit on the data segment, else none. */
export async function memoryBound(maxBytes: number): Promise<MemoryBound> {
  return (await versionTwo(maxBytes)) ?? (await versionOne(maxBytes)) ?? dataLimit(maxBytes) ?? none();
}

async function versionTwo(maxBytes: number): Promise<MemoryBound | undefined> {
  for (const root of v2Roots) {
    const parent = join(root, "caxton");
    try {
      if (!(await readFile(join(root, "cgroup.controllers"), "utf8")).split(/\s+/).includes("memory")) continue;
      await mkdir(parent, { recursive: true });
      await writeFile(join(root, "cgroup.subtree_control"), "+memory");
      await writeFile(join(parent, "cgroup.subtree_control"), "+memory");
      return await group("cgroup-v2", parent, { "memory.max": maxBytes, "memory.swap.max": 0 }, "memory.events");
    } catch {
      // Not ours to write, or no memory controller below: the next best.
    }
  }
  return undefined;
}

async function versionOne(maxBytes: number): Promise<MemoryBound | undefined> {
  try {
    if (!existsSync(join(v1Root, "memory.limit_in_bytes"))) return undefined;
    const limits = { "memory.limit_in_bytes": maxBytes };
    return await group("cgroup-v1", join(v1Root, "caxton"), limits, "memory.oom_control");
  } catch {
    return undefined;
  }
}

/** Names of the groups this process made and did not remove yet. */
const own = new Set<string>();

async function group(
  isolation: "cgroup-v1" | "cgroup-v2",
  parent: string,
  limits: Readonly<Record<string, number>>,
  eventFile: string,
): Promise<MemoryBound> {
  await mkdir(parent, { recursive: true });
  await removeAbandoned(parent);
  // A host started again may have the pid of the one before.
  const name = `${processName(process.pid) ?? process.pid}x${randomUUID().slice(0, 8)}`;
  const folder = join(parent, name);
  own.add(name);
  await mkdir(folder);
  try {
    for (const [file, value] of Object.entries(limits)) {
      // Without swap there is no file for it.
      if (existsSync(join(folder, file))) await writeFile(join(folder, file), String(value));
    }
  } catch (error) {
    await rmdir(folder);
    throw error;
  }
  const members = join(folder, "cgroup.procs");
  return {
    isolation,
    hold: (pid) => writeFile(members, String(pid)),
    async outOfMemory() {
      const events = await readFile(join(folder, eventFile), "utf8").catch(() => "");
      return /^oom_kill [1-9]/m.test(events);
    },
    remove: () => removeGroup(folder),
  };
}

/** Groups of hosts that were killed; a group with processes in it cannot be removed. */
async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await abandonedIn(parent)) await rmdir(join(parent, name)).catch(() => undefined);
}

/** The same wherever groups may be, waiting for those whose last process ends just now. */
export async function removeAbandonedGroups(): Promise<void> {
  for (const root of [v1Root, ...v2Roots]) {
    const parent = join(root, "caxton");
    const names = existsSync(parent) ? await abandonedIn(parent) : [];
    await Promise.all(names.map((name) => removeGroup(join(parent, name))));
  }
}

async function abandonedIn(parent: string): Promise<readonly string[]> {
  return (await readdir(parent)).filter((name) => {
    const [, owner, began] = /^(\d+)-(?:(\d+)x)?\w+$/.exec(name) ?? [];
    if (owner === undefined || own.has(name)) return false;
    const found = processName(Number(owner));
    return (
      Number(owner) === process.pid || found === undefined || (began !== undefined && found !== `${owner}-${began}`)
    );
  });
}

/** A group stays busy for a moment after its last process; one that stays so for longer goes with this process or the next. */
async function removeGroup(folder: string): Promise<void> {
  for (let left = 20; left > 0 && existsSync(folder); left -= 1) {
    await rmdir(folder).catch(() => delay(25));
  }
  own.delete(basename(folder));
  if (existsSync(folder)) process.once("exit", () => removeNow(folder));
}

function removeNow(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Gone in the meantime, or still busy: `removeAbandoned` of a later host.
  }
}

/** Where there is no cgroup to be had; undefined where there is no prlimit either. */
export function dataLimit(maxBytes: number): MemoryBound | undefined {
  const prlimit = "/usr/bin/prlimit";
  if (!existsSync(prlimit)) return undefined;
  return {
    ...none(),
    isolation: "data-limit",
    async hold(pid) {
      await run(prlimit, [`--pid=${pid}`, `--data=${maxBytes + dataLimitExtraBytes}`]);
    },
  };
}

function none(): MemoryBound {
  return {
    isolation: "none",
    hold: () => Promise.resolve(),
    outOfMemory: () => Promise.resolve(false),
    remove: () => Promise.resolve(),
  };
}
