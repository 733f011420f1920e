import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { lowerPriorityForNow, restorePriority } from "@caxton/service/low-priority";
import { hostVariable } from "./orphans.ts";
import { processName } from "./process-name.ts";

const mainFile = fileURLToPath(new URL("../instance/main.ts", import.meta.url));
const heapMaxMb = 192;
/** One for the next start, and one for the start after it, which may follow before another is there. */
const sparesMax = 2;
/** Several at once would keep everything else from starting. */
const apartMs = 500;

/**
 * Processes for instances, a few of them started ahead: loading Node and our modules is most of what a start takes. A
 * process knows nothing of any agent before it is given one, and ends when this one does.
 */
export class SpareProcesses {
  readonly #codeCacheDir: string;
  #spares: ChildProcess[] = [];
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param codeCacheDir where Node keeps what it compiled of our own sources */
  constructor(codeCacheDir: string) {
    this.#codeCacheDir = codeCacheDir;
  }

  /** The one that was started first. */
  take(): ChildProcess {
    const spare = this.#spares.shift();
    if (spare?.pid !== undefined) restorePriority(spare.pid);
    return spare ?? this.#spawn();
  }

  /** Starts those that are missing, one after the other, with what of the processor nobody else wants. */
  refill(): void {
    clearTimeout(this.#timer);
    if (this.#closed || this.#spares.length >= sparesMax) return;
    const spare = this.#spawn();
    if (spare.pid !== undefined) lowerPriorityForNow(spare.pid);
    const forget = (): void => {
      this.#spares = this.#spares.filter((one) => one !== spare);
    };
    spare.once("exit", forget).once("error", forget);
    this.#spares.push(spare);
    this.#timer = setTimeout(() => this.refill(), apartMs);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const spare of this.#spares.splice(0)) spare.kill("SIGKILL");
  }

  #spawn(): ChildProcess {
    return spawn(process.execPath, [`--max-old-space-size=${heapMaxMb}`, mainFile], {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      // An agent has no environment; its process needs next to none either.
      env: { NODE_COMPILE_CACHE: this.#codeCacheDir, [hostVariable]: processName(process.pid) ?? "" },
    });
  }
}
