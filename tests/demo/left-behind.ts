import { readdir, readFile, readlink } from "node:fs/promises";

/** Processes (Linux: what /proc says) that name this folder in arguments or environment, or stand in it. */
export async function processesNaming(folder: string): Promise<readonly string[]> {
  const entries = await readdir("/proc").catch(() => []);
  const found: string[] = [];
  for (const pid of entries.filter((name) => /^\d+$/.test(name))) {
    const read = (file: string): Promise<string> => readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "");
    const [command, environment] = await Promise.all([read("cmdline"), read("environ")]);
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => "");
    if (`${command}${environment}${cwd}`.includes(folder)) found.push(`${pid} ${command.replaceAll("\0", " ")}`);
  }
  return found;
}
