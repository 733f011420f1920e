import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../apps/cli/bin/caxton.mjs", import.meta.url));
const main = fileURLToPath(new URL("../../apps/cli/src/main.ts", import.meta.url));

export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Surroundings {
  readonly cwd: string;
  readonly gateway?: string;
  /** Without the launcher in front of it, which a kill -9 would hit in its place. */
  readonly bare?: boolean;
}

/** The command line as a user has it, without a terminal. */
export function startCaxton(args: readonly string[], { cwd, gateway, bare = false }: Surroundings): ChildProcess {
  const { CAXTON_GATEWAY: _inherited, ...env } = process.env;
  return spawn(process.execPath, [bare ? main : program, ...args], {
    cwd,
    env: { ...env, ...(gateway === undefined ? {} : { CAXTON_GATEWAY: gateway }) },
    stdio: "pipe",
  });
}

/** @param input what stands on its standard input */
export async function caxton(args: readonly string[], surroundings: Surroundings, input = ""): Promise<Ended> {
  const child = startCaxton(args, surroundings);
  child.stdin?.end(input);
  return await ended(child);
}

export async function ended(child: ChildProcess): Promise<Ended> {
  const closed = once(child, "close");
  const [stdout, stderr] = await Promise.all([read(child.stdout), read(child.stderr)]);
  await closed;
  return { exitCode: child.exitCode, stdout, stderr };
}

async function read(stream: ChildProcess["stdout"]): Promise<string> {
  return stream === null || stream.destroyed ? "" : text(stream);
}

/** A command that goes on, line by line. */
export interface Follower {
  readonly child: ChildProcess;
  readonly lines: AsyncIterator<string>;
  readonly exitCode: Promise<number | null>;
}

export function startFollowing(args: readonly string[], surroundings: Surroundings): Follower {
  const child = startCaxton(args, surroundings);
  if (child.stdout === null) throw new Error("the command has no standard output");
  child.stderr?.resume();
  return {
    child,
    lines: createInterface({ input: child.stdout })[Symbol.asyncIterator](),
    exitCode: once(child, "exit").then(() => child.exitCode),
  };
}
