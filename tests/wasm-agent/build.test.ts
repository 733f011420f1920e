import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildAgent } from "@caxton/wasm-agent/build";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "./agent-harness.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

describe("building an agent", () => {
  it.each([
    ["a syntax error", "export function describe() {\n  return [;\n}", "agent.js:2:", "unexpected token"],
    [
      "a file that ends too early",
      "export function describe() {}\nexport function handle() {\n",
      "agent.js:2:",
      "a bracket, brace or quote is not closed",
    ],
    [
      "a missing export",
      "export function describe() {}",
      "agent.js:",
      "must export a function 'handle', exports: describe",
    ],
    ["a throw at the top", "\nthrow new Error('top');", "agent.js:2:", "top"],
    ["a module that is not there", 'import fs from "node:fs";', "agent.js:", "node:fs"],
    ["a name the host does not have", 'import { shout } from "caxton:agent/log@0.1.0";', "agent.js:", "shout"],
  ])("of %s says where and what", async (_, text, place, says) => {
    const source = join(folder.path, "agent.js");
    await writeFile(source, text);
    const build = buildAgent({ source, out: join(folder.path, "agent.wasm") });
    await expect(build).rejects.toMatchObject({ code: "invalid-argument", message: expect.stringContaining(place) });
    await expect(build).rejects.toMatchObject({ message: expect.stringContaining(says) });
  });

  it("of a file that is not there says so", async () => {
    const build = buildAgent({ source: join(folder.path, "absent.js"), out: join(folder.path, "agent.wasm") });
    await expect(build).rejects.toMatchObject({ message: expect.stringContaining("there is no such file") });
  });
});
