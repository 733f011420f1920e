import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const generated = join("libs", "contracts", "gen");

async function filesBelow(folder: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = names.map(async (name) => [name.slice(folder.length), await readFile(name, "utf8")] as const);
  return Object.fromEntries(await Promise.all(texts));
}

test("what is generated from proto/ and checked in is up to date; `pnpm generate` makes it so", async () => {
  const folder = await mkdtemp(join(tmpdir(), "caxton-generated-"));
  try {
    const programs = join(root, "node_modules", ".bin");
    const env = { ...process.env, PATH: `${programs}:${process.env["PATH"] ?? ""}` };
    await promisify(execFile)(join(programs, "buf"), ["generate", "-o", folder], { cwd: root, env });
    const fresh = await filesBelow(join(folder, generated));
    expect(Object.keys(fresh)).toContain("/caxton/v1/agent_deployment_pb.js");
    expect(await filesBelow(join(root, generated))).toEqual(fresh);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
