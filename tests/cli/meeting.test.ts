import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildFixture } from "../fixtures/build-fixture.ts";
import { caxton, type Ended, startFollowing } from "./caxton-program.ts";

const startTimeoutMs = 60_000;
const refusedExitCode = 4;
let cwd: string;
let up: ChildProcess;

const run = (...words: readonly string[]): Promise<Ended> => caxton(words, { cwd });
const json = async (...words: readonly string[]): Promise<unknown> =>
  JSON.parse((await run(...words, "--json")).stdout);
const deploy = (configuration: string, ...more: readonly string[]): Promise<unknown> =>
  json("deploy", "agent", "faulty.wasm", "--configuration", configuration, "--detach", ...more);
const idOf = (value: unknown): string =>
  typeof value === "object" && value !== null && "id" in value ? String(value.id) : "";

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), "caxton-meeting-"));
  copyFileSync(
    await buildFixture(fileURLToPath(new URL("../fixtures/agents/faulty.js", import.meta.url))),
    join(cwd, "faulty.wasm"),
  );
  writeFileSync(join(cwd, "one.json"), '{"n":1}');
  const args = ["up", "--json", "--port", "0", "--http-port", "0", "--grpc-port", "0"];
  const { child, lines } = startFollowing(args, { cwd });
  up = child;
  await lines.next();
  await run("deploy", "agent", "faulty.wasm");
}, startTimeoutMs);
afterAll(async () => {
  const exited = once(up, "exit");
  up.kill("SIGTERM");
  await exited;
  rmSync(cwd, { recursive: true });
}, startTimeoutMs);

it("shows the line with what it waits for, gives it another order once, and takes one out", async () => {
  const canary = idOf(await deploy('{"v":2}', "--steps", "25%:10m,100%"));
  const second = idOf(await deploy('{"v":3}'));
  const third = idOf(await deploy('{"v":4}'));
  await expect
    .poll(async () => (await run("get", third)).stdout, { timeout: 20_000 })
    .toMatch(/State +Queued as 2nd: \S+-v2-\S+ is on its way \(canary 25 %\)/);
  const { stdout } = await run("queue", "faulty");
  expect(stdout).toMatch(new RegExp(`1 {2}${second}[^]*2 {2}${third}[^]*--revision 0`));
  expect(await run("queue", "move", third, "--to", "1", "--revision", "0", "--reason", "urgent")).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining("stands at place 1"),
  });
  expect(await run("queue", "move", second, "--to", "1", "--revision", "0")).toMatchObject({
    exitCode: refusedExitCode,
    stderr: expect.stringContaining("stale-queue"),
  });
  expect(await run("queue", "move", second, "--to", "3")).toMatchObject({ exitCode: 2 });
  expect(await run("cancel", second)).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("waits no more") });
  expect(await run("cancel", canary)).toMatchObject({
    exitCode: refusedExitCode,
    stderr: expect.stringContaining("abort it instead"),
  });
  expect(
    await run("deploy", "agent", "faulty.wasm", "--configuration", '{"v":5}', "--on-conflict", "reject"),
  ).toMatchObject({ exitCode: refusedExitCode, stderr: expect.stringContaining("deployment-conflict") });
  expect(await run("deploy", "agent", "faulty.wasm", "--on-conflict", "push")).toMatchObject({ exitCode: 2 });
  await run("cancel", third);
  expect(await run("abort", canary)).toMatchObject({ exitCode: 0 });
  expect((await run("queue", "faulty")).stdout).toBe("No deployment of faulty waits.\n");
}, 60_000);

it("freezes with a reason, refuses with it, and says what is frozen until it is lifted", async () => {
  expect(await run("freeze", "faulty")).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("--reason") });
  expect(await run("freeze", "--reason", "x", "--until", "soon")).toMatchObject({ exitCode: 2 });
  const { stdout } = await run("freeze", "faulty", "--reason", "audit", "--until", "2h");
  expect(stdout).toMatch(/faulty +\S+Z +\S+Z +.*audit/);
  expect(await run("deploy", "agent", "faulty.wasm", "--configuration", '{"v":6}')).toMatchObject({
    exitCode: refusedExitCode,
    stderr: expect.stringMatching(/faulty is frozen until .*: audit.*\(frozen\)[^]*--override-freeze/),
  });
  expect((await run("get", "faulty")).stdout).toMatch(/Frozen +until .*: audit/);
  expect((await run("status")).stdout).toContain("faulty is frozen until");
  expect(
    await run("deploy", "agent", "faulty.wasm", "--configuration", '{"v":6}', "--override-freeze", "asked the auditor"),
  ).toMatchObject({ exitCode: 0 });
  expect((await run("unfreeze", "faulty")).stdout).toContain("Nothing is frozen.");
  expect(await run("unfreeze", "faulty")).toMatchObject({ exitCode: refusedExitCode });
  expect((await run("history", "faulty")).stdout).toMatch(/the agent frozen until[^]*the agent unfrozen/);
}, 60_000);

it("holds and releases, undeploys with what becomes of the inbox, and tells who sends", async () => {
  expect(await run("hold", "faulty", "--reason", "moving house")).toMatchObject({ exitCode: 0 });
  await expect
    .poll(async () => (await run("status")).stdout, { timeout: 20_000 })
    .toMatch(/faulty is held by .*: moving house/);
  expect(await run("undeploy", "faulty", "--inbox", "drain")).toMatchObject({
    exitCode: refusedExitCode,
    stderr: expect.stringContaining("release it first"),
  });
  expect(await run("release", "faulty")).toMatchObject({ exitCode: 0 });
  expect(await run("undeploy", "faulty")).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("--inbox") });
  expect(await run("undeploy", "faulty", "--inbox", "burn")).toMatchObject({ exitCode: 2 });
  expect(await run("undeploy", "faulty", "--inbox", "drain", "--reason", "wound up")).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining("Undeployed: faulty"),
  });
  expect(await run("send", "faulty", "one.json")).toMatchObject({
    exitCode: refusedExitCode,
    stderr: expect.stringMatching(/faulty was undeployed by .*: wound up/),
  });
  expect((await run("get", "faulty")).stdout).toMatch(/Stopped +undeployed \(its inbox: drain\)/);
  expect(await run("deploy", "agent", "faulty.wasm")).toMatchObject({ exitCode: 0 });
  expect(await run("send", "faulty", "one.json")).toMatchObject({ exitCode: 0 });
}, 60_000);
