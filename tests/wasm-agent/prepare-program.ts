/** Prepares a component in a process that prepare.test.ts kills half-way; tells the pid of the process it works with. */
import { readFile, readdir } from "node:fs/promises";
import { prepareComponent } from "@caxton/wasm-agent/prepare";
import { mebibyte, sha256 } from "./agent-harness.ts";

const [file = "", cacheDir = ""] = process.argv.slice(2);
const bytes = await readFile(file);
const work = prepareComponent({ bytes, digest: sha256(bytes), cacheDir, memoryMaxBytes: 32 * mebibyte });
process.send?.(await toolPid());
await work;

async function toolPid(): Promise<number> {
  for (;;) {
    const tasks = await readdir("/proc/self/task");
    for (const task of tasks) {
      const children = await readFile(`/proc/self/task/${task}/children`, "utf8").catch(() => "");
      const pid = Number(children.trim().split(" ")[0]);
      if (pid > 0) return pid;
    }
  }
}
