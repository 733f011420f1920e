import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

const mainFile = fileURLToPath(new URL("../instance/main.ts", import.meta.url));
const heapMaxMb = 192;

/**
 * Processes for instances, one of them started ahead: loading Node and our modules is most of what a start takes. A
 * process knows nothing of any agent before it is given one, and ends when this one does.
 */
export class SpareProcesses {
  readonly #codeCacheDir: string;
  #spare: ChildProcess | undefined;
  #closed = false;

  /** @param codeCacheDir where Node keeps what it compiled of our own sources */
  constructor(codeCacheDir: string) {
    this.#codeCacheDir = codeCacheDir;
  }

  take(): ChildProcess {
    const spare = this.#spare ?? this.#spawn();
    this.#spare = undefined;
    return spare;
  }

  /** Starts the next one ahead; best when nothing else is starting. */
  refill(): void {
    if (this.#closed || this.#spare !== undefined) return;
    const spare = this.#spawn();
    const forget = (): void => {
      if (this.#spare === spare) this.#spare = undefined;
    };
    spare.once("exit", forget).once("error", forget);
    this.#spare = spare;
  }

  close(): void {
    this.#closed = true;
    this.#spare?.kill("SIGKILL");
    this.#spare = undefined;
  }

  #spawn(): ChildProcess {
    return spawn(process.execPath, [`--max-old-space-size=${heapMaxMb}`, mainFile], {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      // An agent has no environment; its process needs next to none either.
      env: { NODE_COMPILE_CACHE: this.#codeCacheDir },
    });
  }
}
