import { readdir, readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import type { MachineFacts } from "../core/diagnosis/leftovers.ts";

const instanceProgram = "agent-host/src/instance/main.ts";
/** Where agent-hosts make their memory groups, by cgroup version. */
const groupRoots = ["/sys/fs/cgroup/caxton", "/sys/fs/cgroup/unified/caxton", "/sys/fs/cgroup/memory/caxton"];

/** Instances and their memory groups on this machine; undefined where there is no /proc. */
export async function readMachine(): Promise<MachineFacts | undefined> {
  const names = await readdir("/proc").catch(() => undefined);
  if (names === undefined) return undefined;
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  const instances = await Promise.all(pids.map(instanceAt));
  const groups = await Promise.all(groupRoots.map((root) => groupsIn(root)));
  return { hostname: hostname(), instances: instances.flat(), groups: groups.flat() };
}

async function instanceAt(pid: number): Promise<MachineFacts["instances"]> {
  const words = await commandOf(pid);
  if (!words.some((word) => word.endsWith(instanceProgram))) return [];
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // After the command's name in parentheses: state, then the parent (proc(5)).
  const parentPid = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  if (!(parentPid > 0)) return [];
  return [{ pid, parentPid, hasHost: await isNode(parentPid) }];
}

async function groupsIn(root: string): Promise<MachineFacts["groups"]> {
  const names = await readdir(root).catch(() => []);
  const owned = names.flatMap((name) => {
    const owner = /^(\d+)-\w+$/.exec(name)?.[1];
    return owner === undefined ? [] : [{ path: join(root, name), owner: Number(owner) }];
  });
  return await Promise.all(
    owned.map(async ({ path, owner }) => {
      const members = await readFile(join(path, "cgroup.procs"), "utf8").catch(() => "");
      return { path, processes: members.split("\n").filter(Boolean).length, hasHost: await isNode(owner) };
    }),
  );
}

/** Whoever takes an orphan in (init, a supervisor) is no Node process. */
async function isNode(pid: number): Promise<boolean> {
  const [program = ""] = await commandOf(pid);
  return program.split("/").at(-1)?.startsWith("node") === true;
}

async function commandOf(pid: number): Promise<readonly string[]> {
  return (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0");
}
