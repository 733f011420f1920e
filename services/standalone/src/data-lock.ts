import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { CaxtonError } from "@caxton/contracts/errors";

export interface DataLock {
  release(): Promise<void>;
}

interface Holder {
  readonly pid: number;
  /** Tells a process from a later one with the same pid; absent where the system does not say. */
  readonly startMark: string;
}

/**
 * One process for one data folder.
 * @throws CaxtonError `not-allowed-now` where another one that is alive holds it
 */
export async function lockData(dataDir: string): Promise<DataLock> {
  await mkdir(dataDir, { recursive: true });
  const file = join(dataDir, "caxton.lock");
  const own = `${file}.${process.pid}`;
  const holder: Holder = { pid: process.pid, startMark: await startMark(process.pid) };
  await writeFile(own, JSON.stringify(holder));
  try {
    // A link appears with its content or not at all, and only once.
    for (let tries = 0; tries < 2; tries += 1) {
      if (await linked(own, file)) return { release: () => rm(file, { force: true }) };
      const other = await readHolder(file);
      if (other !== undefined && (await isAlive(other))) throw held(dataDir, other);
      await rm(file, { force: true });
    }
    throw new CaxtonError("not-allowed-now", `another caxton is starting on ${dataDir}`);
  } finally {
    await rm(own, { force: true });
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    const holder: unknown = JSON.parse(await readFile(file, "utf8"));
    const { pid, startMark: mark } = { pid: undefined, startMark: undefined, ...asObject(holder) };
    return typeof pid === "number" && typeof mark === "string" ? { pid, startMark: mark } : undefined;
  } catch {
    return undefined;
  }
}

function asObject(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}

async function isAlive(holder: Holder): Promise<boolean> {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return false;
  }
  return holder.startMark === (await startMark(holder.pid));
}

/** When a process started, as Linux says it: field 22 of /proc/<pid>/stat, proc(5). Empty elsewhere. */
async function startMark(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}

function held(dataDir: string, { pid }: Holder): CaxtonError {
  return new CaxtonError(
    "not-allowed-now",
    `process ${pid} runs caxton on ${dataDir} already; stop it, or give another --data`,
    {
      details: { pid, dataDir },
    },
  );
}
