import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const graceMs = 10_000;
export const caxtonBin = fileURLToPath(new URL("../../apps/cli/bin/caxton.mjs", import.meta.url));

/** Where the demo plays: a temporary folder and process groups, none of which is left when it is over, however it ends. */
export class Stage {
  readonly folder: string;
  readonly #groups = new Set<ChildProcess>();
  #closing: Promise<void> | undefined;

  constructor(folder: string) {
    this.folder = folder;
    process.once("exit", () => this.#leaveNothing());
  }

  static async open(): Promise<Stage> {
    return new Stage(await mkdtemp(join(tmpdir(), "caxton-demo-")));
  }

  /** Starts the CLI in a process group of its own, so that all it starts can be ended with it. */
  start(args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
    if (this.#closing !== undefined) throw new Error("the demo is ending");
    const child = spawn(process.execPath, [caxtonBin, ...args], {
      cwd: this.folder,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    this.#groups.add(child);
    return child;
  }

  /** Ends everything in order and removes the folder. */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    await Promise.all([...this.#groups].map(endGroup));
    this.#leaveNothing();
  }

  /** The last resort, without waiting. */
  #leaveNothing(): void {
    for (const group of this.#groups) signalGroup(group, "SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The leader is asked to end what it started in the right order; who is left when it is gone is killed. */
async function endGroup(leader: ChildProcess): Promise<void> {
  const isRunning = leader.exitCode === null && leader.signalCode === null;
  const exited = isRunning ? once(leader, "exit") : Promise.resolve();
  if (isRunning) leader.kill("SIGTERM");
  await Promise.race([exited, delay(graceMs, undefined, { ref: false })]);
  signalGroup(leader, "SIGKILL");
}

/** @returns whether anybody was there to get it */
function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}
