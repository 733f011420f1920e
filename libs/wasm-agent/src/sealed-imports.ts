import { randomFillSync } from "node:crypto";
import type { LogLevel } from "@caxton/contracts/agent-log";
import type { AgentLog } from "./agent-log.ts";
import { InputStream, IoError, OutputStream, Pollable, poll } from "./sealed-streams.ts";

/** Largest amount of randomness given at once. */
const randomMaxBytes = 1_048_576n;

/** A resource of which no agent ever gets one. */
class Sealed {
  readonly sealed = true;
}

/** Trap of an agent that calls `exit`: it ends its instance, never the process. */
export class AgentExit extends Error {
  constructor() {
    super("the agent called exit");
    this.name = "AgentExit";
  }
}

function randomBytes(length: bigint): Uint8Array {
  if (length > randomMaxBytes) throw new RangeError(`${length} random bytes wanted, at most ${randomMaxBytes} at once`);
  return randomFillSync(new Uint8Array(Number(length)));
}

function randomU64(): bigint {
  return new DataView(randomBytes(8n).buffer).getBigUint64(0);
}

const now = () => process.hrtime.bigint();

/**
 * Everything a component can import (grants.ts), without any authority: no environment, arguments, files or sockets;
 * `exit` is a trap, standard output and error are log lines, clocks and randomness are real.
 */
export function sealedImports(log: AgentLog): Readonly<Record<string, unknown>> {
  const stdout = new OutputStream((bytes) => log.writeBytes("info", bytes));
  const stderr = new OutputStream((bytes) => log.writeBytes("error", bytes));
  const stdin = new InputStream();
  const none = () => undefined;
  return {
    "caxton:agent/log": { write: (level: LogLevel, text: string) => log.write(level, text) },
    "caxton:agent/types": {},
    "wasi:cli/environment": { getEnvironment: () => [], getArguments: () => [], initialCwd: none },
    "wasi:cli/exit": {
      exit() {
        throw new AgentExit();
      },
      exitWithCode() {
        throw new AgentExit();
      },
    },
    "wasi:cli/stdin": { getStdin: () => stdin },
    "wasi:cli/stdout": { getStdout: () => stdout },
    "wasi:cli/stderr": { getStderr: () => stderr },
    "wasi:cli/terminal-input": { TerminalInput: Sealed },
    "wasi:cli/terminal-output": { TerminalOutput: Sealed },
    "wasi:cli/terminal-stdin": { getTerminalStdin: none },
    "wasi:cli/terminal-stdout": { getTerminalStdout: none },
    "wasi:cli/terminal-stderr": { getTerminalStderr: none },
    "wasi:clocks/monotonic-clock": {
      now,
      resolution: () => 1n,
      subscribeDuration: (ns: bigint) => new Pollable(now() + ns),
      subscribeInstant: (ns: bigint) => new Pollable(ns),
    },
    "wasi:clocks/wall-clock": { now: wallClock, resolution: () => ({ seconds: 0n, nanoseconds: 1_000_000 }) },
    "wasi:filesystem/preopens": { getDirectories: () => [] },
    // Without a preopened directory there is no descriptor to call anything on.
    "wasi:filesystem/types": { Descriptor: Sealed, DirectoryEntryStream: Sealed, filesystemErrorCode: none },
    "wasi:io/error": { Error: IoError },
    "wasi:io/poll": { Pollable, poll },
    "wasi:io/streams": { InputStream, OutputStream },
    "wasi:random/random": { getRandomBytes: randomBytes, getRandomU64: randomU64 },
    "wasi:random/insecure": { getInsecureRandomBytes: randomBytes, getInsecureRandomU64: randomU64 },
    "wasi:random/insecure-seed": { insecureSeed: () => [randomU64(), randomU64()] },
  };
}

function wallClock(): { readonly seconds: bigint; readonly nanoseconds: number } {
  const nowMs = Date.now();
  return { seconds: BigInt(Math.floor(nowMs / 1000)), nanoseconds: (nowMs % 1000) * 1_000_000 };
}
