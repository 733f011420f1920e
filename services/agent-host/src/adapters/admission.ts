import type { Busy } from "@caxton/contracts/busy";
import type { VersionSpec } from "@caxton/contracts/placement";
import { WaitingLine } from "@caxton/service/waiting-line";

export interface AdmissionOptions {
  readonly host: string;
  /** Most instances that start at once. */
  readonly maxStarting: number;
  /** Most memory that may be promised to instances. */
  readonly memoryMaxBytes: number;
}

/** What a process takes besides its agent's own memories. */
const processBytes = 80 * 1024 * 1024;

/** What an instance of a version may come to take. */
export function promisedBytes({ limits, concurrency }: Pick<VersionSpec, "limits" | "concurrency">): number {
  return processBytes + limits.memoryMaxBytes * concurrency;
}

interface Admitted {
  readonly bytes: number;
  readonly isStarting: () => boolean;
}

/** Lets in what the machine bears; who is refused asks again, and has its place in line meanwhile. */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #admitted = new Map<string, Admitted>();
  readonly #line = new WaitingLine();

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /**
   * Undefined where it is let in, which lasts until `left`.
   * @param isStarting asked whenever somebody else wants to start
   * @param now ms
   */
  ask(key: string, bytes: number, isStarting: () => boolean, now: number): Busy | undefined {
    const { host: who } = this.#options;
    const { place, waiting } = this.#line.placeOf(key, now);
    const reason = this.#reason(bytes);
    // What never fits keeps nobody waiting.
    if (bytes > this.#options.memoryMaxBytes) this.#line.leave(key);
    if (reason !== undefined) return { who, place, waiting, reason };
    if (place > 1) return { who, place, waiting, reason: `agent-host ${who} starts those before it first` };
    this.#line.leave(key);
    this.#admitted.set(key, { bytes, isStarting });
    return undefined;
  }

  left(key: string): void {
    this.#admitted.delete(key);
  }

  #reason(bytes: number): string | undefined {
    const { host, maxStarting, memoryMaxBytes } = this.#options;
    const all = [...this.#admitted.values()];
    const promised = all.reduce((sum, one) => sum + one.bytes, 0);
    if (promised + bytes > memoryMaxBytes) {
      const [wants, has, bears] = [bytes, promised, memoryMaxBytes].map(mebibytes);
      return `agent-host ${host} has promised ${has} of ${bears} MiB, an instance of it may take ${wants} MiB`;
    }
    const starting = all.filter(({ isStarting }) => isStarting()).length;
    return starting < maxStarting ? undefined : `agent-host ${host} starts ${starting} at once, which is what it bears`;
  }
}

function mebibytes(count: number): number {
  return Math.round(count / 1_048_576);
}
