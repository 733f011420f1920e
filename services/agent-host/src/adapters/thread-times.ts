import { readFileSync } from "node:fs";
import type { ThreadTimes } from "../core/liveness.ts";

const nsPerMs = 1e6;

/** Of a process's main thread (proc(5): stat, schedstat); undefined where there is no such process, or no /proc. */
export function threadTimes(pid: number): ThreadTimes | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [processorNs] = readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ");
    // After the command's name in parentheses.
    const state = stat.charAt(stat.lastIndexOf(")") + 2);
    return { processorMs: Number(processorNs) / nsPerMs, wantsToRun: state === "R" || state === "D" };
  } catch {
    return undefined;
  }
}
