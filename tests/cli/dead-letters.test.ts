import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildExamples } from "../harness/quake-agents.ts";
import { caxton, type Ended, startFollowing } from "./caxton-program.ts";

const startTimeoutMs = 60_000;
let cwd: string;
let up: ChildProcess;

const run = (line: string, input?: string): Promise<Ended> => caxton(line.split(" "), { cwd }, input);

async function settled(accepted: number): Promise<void> {
  for (;;) {
    const ledger: unknown = JSON.parse((await run("ledger quake-watch --json")).stdout);
    if (typeof ledger === "object" && ledger !== null && "pending" in ledger && "accepted" in ledger) {
      if (ledger.pending === 0 && ledger.accepted === accepted) return;
    }
  }
}

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), "caxton-letters-"));
  const [component = ""] = await buildExamples(["quake-watch/v1"], cwd);
  const args = ["up", "--json", "--port", "0", "--http-port", "0", "--grpc-port", "0"];
  const { child, lines } = startFollowing(args, { cwd });
  up = child;
  await lines.next();
  await run(`deploy agent ${component} --agent quake-watch`);
  await run("send quake-watch - --raw", "nonsense\nworse\n");
  await settled(2);
}, startTimeoutMs);
afterAll(async () => {
  const exited = once(up, "exit");
  up.kill("SIGTERM");
  await exited;
  rmSync(cwd, { recursive: true });
}, startTimeoutMs);

describe("dead letters at the command line", { timeout: startTimeoutMs }, () => {
  it("lists and shows them", async () => {
    const { stdout } = await run("deadletter list quake-watch");
    expect(stdout).toMatch(/^SEQUENCE {2}CODE .*RESENT.*\n +1 {2}message-invalid .*\n +2 {2}message-invalid /);
    const shown = await run("deadletter show quake 1");
    expect(shown).toMatchObject({ exitCode: 0, stderr: "" });
    expect(shown.stdout).toMatch(
      /^Message .*1 of quake-watch \(epoch \d+\)\nState .*dead-lettered \(message-invalid\)\n/,
    );
    expect(shown.stdout).toMatch(/\nBody\nnonsense\n$/);
    expect(await run("deadletter show quake 77")).toMatchObject({ exitCode: 3 });
    expect(await run("deadletter list quake --code agent-trap")).toMatchObject({
      stdout: "quake-watch has no dead letter that fits.\n",
    });
  });

  it("are why the status says of a healthy system that a version fails", async () => {
    const { exitCode, stdout } = await run("status --check");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /^✓ Healthy: 8 services, 1 agent, but 1 version fails\n! errors of quake-v1-\S+: all of its 2 attempts failed in the last minute\n {2}→ `caxton deadletter list quake-watch` shows /,
    );
  });

  it("sends one again, and not twice by accident", async () => {
    expect(await caxton(["deadletter", "resend", "quake", "1", "--reason", "a try"], { cwd })).toMatchObject({
      exitCode: 0,
      stdout: "✓ 1 sent again (sequence 3)\n",
    });
    expect((await run("deadletter resend quake 1")).stdout).toBe(
      "1 was already resent as 3; --again sends it once more\n✓ 0 sent again\n",
    );
    await settled(3);
    expect((await run("message quake 3")).stdout).toMatch(/\nRepeats +\d+\/1\n/);
    expect((await run("message quake 1")).stdout).toMatch(/\nResent +as 3 \(epoch \d+\) at .* by .*: a try\n/);
    expect((await run("deadletter list quake")).stdout).toMatch(/as 3: dead-lettered/);
  });

  it("sends all that are there, and not those that come of it", async () => {
    const all = await run("deadletter resend quake --all --json");
    expect(JSON.parse(all.stdout)).toMatchObject({ resent: 2, first: 4, last: 5, failed: 0, already: [{ old: 1 }] });
    await settled(5);
    const list: unknown = JSON.parse((await run("deadletter list quake --json")).stdout);
    expect(list).toMatchObject({ total: 5 });
  });

  it("says what is missing", async () => {
    expect(await run("deadletter resend quake")).toMatchObject({ exitCode: 2 });
    expect(await run("deadletter resend quake 1 --all")).toMatchObject({ exitCode: 2 });
    expect((await run("message quake zero")).stderr).toMatch(/the sequence is a whole number from 1/);
    expect((await run("deadletter resend --help")).stdout).toMatch(/--reason <text>/);
  });
});
