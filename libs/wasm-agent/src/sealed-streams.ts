/**
 * wasi:io for an agent that may touch nothing: input is at its end, output becomes log lines, waiting is for time only.
 * An error with a `payload` becomes the error side of a WIT result; any other error is a trap.
 */

/** Bytes an output stream says it takes at once. */
const writeMaxBytes = 65_536n;

export class IoError {
  toDebugString(): string {
    return "not available to agents";
  }
}

export class Pollable {
  readonly #readyAtNs: bigint;

  /** @param readyAtNs on the monotonic clock; 0: at once */
  constructor(readyAtNs = 0n) {
    this.#readyAtNs = readyAtNs;
  }

  ready(): boolean {
    return process.hrtime.bigint() >= this.#readyAtNs;
  }

  /** Sleeps the thread; the message's deadline ends it like any other loop. */
  block(): void {
    const remainingMs = Number(this.#readyAtNs - process.hrtime.bigint()) / 1e6;
    if (remainingMs > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, remainingMs);
  }

  get readyAtNs(): bigint {
    return this.#readyAtNs;
  }
}

/** Waits for the first and returns the positions of all that are ready. */
export function poll(pollables: readonly Pollable[]): Uint32Array {
  const first = pollables.toSorted((a, b) => (a.readyAtNs < b.readyAtNs ? -1 : 1))[0];
  if (first === undefined) throw new TypeError("poll of an empty list");
  first.block();
  return Uint32Array.from(pollables.flatMap((pollable, index) => (pollable.ready() ? [index] : [])));
}

class StreamClosed extends Error {
  readonly payload = { tag: "closed" };
}

function closed(): never {
  throw new StreamClosed("closed");
}

/** Always at its end. */
export class InputStream {
  read(): never {
    return closed();
  }
  blockingRead(): never {
    return closed();
  }
  skip(): never {
    return closed();
  }
  blockingSkip(): never {
    return closed();
  }
  subscribe(): Pollable {
    return new Pollable();
  }
}

/** Gives what is written to it to a function, as it comes. */
export class OutputStream {
  readonly #write: (bytes: Uint8Array) => void;

  constructor(write: (bytes: Uint8Array) => void) {
    this.#write = write;
  }

  checkWrite(): bigint {
    return writeMaxBytes;
  }
  write(bytes: Uint8Array): void {
    this.#write(bytes);
  }
  blockingWriteAndFlush(bytes: Uint8Array): void {
    this.#write(bytes);
  }
  flush(): void {}
  blockingFlush(): void {}
  writeZeroes(): void {}
  blockingWriteZeroesAndFlush(): void {}
  splice(): never {
    return closed();
  }
  blockingSplice(): never {
    return closed();
  }
  subscribe(): Pollable {
    return new Pollable();
  }
}
