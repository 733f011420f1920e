import { execFile } from "node:child_process";
import process from "node:process";

/** What the process itself watches comes first; this is for what is faster than its watch. */
const roomBytes = 512 * 1024 * 1024;

/**
 * Limits the data a process may have (RLIMIT_DATA; of its address space V8 reserves far more than it uses). Where
 * util-linux is missing the process's own watch remains.
 */
export function limitDataSize(pid: number, maxBytes: number): void {
  if (process.platform !== "linux") return;
  execFile("prlimit", ["--pid", String(pid), `--data=${maxBytes + roomBytes}`], () => undefined);
}
