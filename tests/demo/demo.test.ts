import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isLong } from "../harness/long.ts";
import { processesNaming } from "./left-behind.ts";

const main = fileURLToPath(new URL("main.ts", import.meta.url));
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "caxton-demo-test-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** The demo with a temporary folder of its own to leave things in. */
function startDemo(...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [main, ...args], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function expectNothingLeft(): Promise<void> {
  expect(await processesNaming(folder)).toEqual([]);
  expect((await readdir(folder)).filter((name) => name.startsWith("caxton-"))).toEqual([]);
}

test("tells its story, prints what it found as its last line, and leaves nothing behind", async () => {
  const demo = startDemo("--json", "--messages", "3000");
  if (demo.stdout === null || demo.stderr === null) throw new Error("the demo has no output");
  const [out, progress] = await Promise.all([text(demo.stdout), text(demo.stderr), once(demo, "close")]);
  const report: unknown = JSON.parse(out.trimEnd().split("\n").at(-1) ?? "");
  expect({ exitCode: demo.exitCode, progress }).toMatchObject({ exitCode: 0 });
  expect(report).toMatchObject({
    pending: 0,
    lost: 0,
    deadLettered: 0,
    duplicateOutputs: 0,
    wrongOutputs: 0,
    findings: [],
    deployments: [
      { agent: "quake-watch", state: "Draining" },
      { agent: "quake-watch", state: "Running" },
      { agent: "quake-watch", state: "RolledBack" },
    ],
    refused: [
      { stage: "static", code: "malformed-component" },
      { stage: "contracts", code: "output-undeclared" },
      { stage: "sandbox", code: "start-timeout" },
    ],
    canary: { steps: [{ shareAsked: 0.05 }, { shareAsked: 0.25 }, { shareAsked: 0.5 }, { shareAsked: 1 }] },
    bad: { outcome: "DeploymentRolledBack", reason: expect.stringMatching(/^error_rate > 1%/) },
    shadow: { ended: "over", missed: 0 },
    replayMatches: true,
    eventStore: "jetstream",
  });
  await expectNothingLeft();
});

test.runIf(isLong)("tells of versions that are warmed up, taken back and gone, and nothing is lost", async () => {
  const demo = startDemo("blue-green", "--json", "--messages", "3000");
  if (demo.stdout === null || demo.stderr === null) throw new Error("the demo has no output");
  const [out, progress] = await Promise.all([text(demo.stdout), text(demo.stderr), once(demo, "close")]);
  const report: unknown = JSON.parse(out.trimEnd().split("\n").at(-1) ?? "");
  expect({ exitCode: demo.exitCode, progress }).toMatchObject({ exitCode: 0 });
  expect(report).toMatchObject({
    pending: 0,
    lost: 0,
    deadLettered: 0,
    wrongOutputs: 0,
    warmUps: { refused: { ended: "failing" }, byHand: { failed: 0 }, byItself: { failed: 0 }, kept: { failed: 0 } },
    back: { reason: expect.stringMatching(/no instance of it|its processes ended/) },
  });
  await expectNothingLeft();
});

test("leaves nothing behind when it is interrupted in the middle", async () => {
  const demo = startDemo();
  const { promise: underTraffic, resolve } = Promise.withResolvers<void>();
  demo.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
    if (chunk.includes("a producer")) resolve();
  });
  const exited = once(demo, "exit");
  await Promise.race([underTraffic, exited]);
  // nats-server, the services and the version's process at least.
  expect((await processesNaming(folder)).length).toBeGreaterThan(3);
  demo.kill("SIGINT");
  await exited;
  expect(demo.exitCode).toBe(130);
  await expectNothingLeft();
});
