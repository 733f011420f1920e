import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Runner } from "@caxton/wasm-agent/runner";
import { closeToolchain } from "@caxton/wasm-agent/toolchain";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildReachingAgent } from "../fixtures/reaching-world.ts";
import { start, temporaryFolder } from "./agent-harness.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let runner: Runner;

beforeAll(async () => {
  folder = await temporaryFolder();
  const file = join(folder.path, "reaching.wasm");
  await buildReachingAgent(file);
  process.env["CAXTON_SECRET"] = "not for agents";
  runner = await start(await readFile(file), join(folder.path, "cache"));
});
afterAll(async () => {
  await runner.close();
  closeToolchain();
  await folder.remove();
});

const attempt = async (what: string) =>
  (await runner.handleBatch([{ id: what, body: JSON.stringify(what) }], { budgetMs: 2_000 }))[0];

describe("an agent that reaches out", () => {
  it.each(["environment", "arguments", "directories", "globals"])("finds no %s", async (what) => {
    expect(await attempt(what)).toMatchObject({ result: "handled", outputs: [{ kind: "found", body: "[]" }] });
  });

  it("ends only itself when it calls exit", async () => {
    expect(await attempt("exit")).toMatchObject({ result: "failed", code: "agent-trap" });
    expect(await attempt("environment")).toMatchObject({ result: "handled" });
  });
});
