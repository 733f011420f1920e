import { readFileSync } from "node:fs";

/**
 * `<pid>-<when it began>`: names a process as long as the machine is up, also when its pid is given to another one later
 * (proc(5): stat, starttime). undefined where there is no such process, or no /proc.
 */
export function processName(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // After the command's name in parentheses: its state is field 3, its beginning field 22.
    const began = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    return `${pid}-${began}`;
  } catch {
    return undefined;
  }
}
