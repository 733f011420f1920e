import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildFixture } from "../fixtures/build-fixture.ts";
import { caxton, type Ended, startFollowing } from "./caxton-program.ts";

const startTimeoutMs = 60_000;
const messages = 200;
let cwd: string;
let up: ChildProcess;
let stable: string;
let bad: { readonly id: string; readonly version: string };

const run = (...words: readonly string[]): Promise<Ended> => caxton(words, { cwd });
const json = async (...words: readonly string[]): Promise<unknown> =>
  JSON.parse((await run(...words, "--json")).stdout);

/** Every message was decided. */
async function settled(accepted: number): Promise<void> {
  for (;;) {
    const ledger = await json("ledger", "faulty");
    if (typeof ledger === "object" && ledger !== null && "pending" in ledger && "accepted" in ledger) {
      if (ledger.pending === 0 && ledger.accepted === accepted) return;
    }
  }
}

async function newest(): Promise<{ readonly id: string; readonly version: string; readonly state: string }> {
  const { deployments } = (await json("list")) as {
    readonly deployments: readonly { readonly id: string; readonly version: string; readonly state: string }[];
  };
  const [first] = deployments;
  if (first === undefined) throw new Error("there is no deployment");
  return first;
}

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), "caxton-redrive-"));
  const source = fileURLToPath(new URL("../fixtures/agents/faulty.js", import.meta.url));
  copyFileSync(await buildFixture(source), join(cwd, "faulty.wasm"));
  const args = ["up", "--json", "--port", "0", "--http-port", "0", "--grpc-port", "0"];
  const { child, lines } = startFollowing(args, { cwd });
  up = child;
  await lines.next();
  await run("deploy", "agent", "faulty.wasm");
  stable = (await newest()).version;
  await run("deploy", "agent", "faulty.wasm", "--configuration", '{"v":2}', "--steps", "50%:1h,100%", "--detach");
  bad = await untilShared();
  const body = Array.from({ length: messages }, (_, n) => JSON.stringify({ n })).join("\n");
  await caxton(["send", "faulty", "-"], { cwd }, body);
  await settled(messages);
}, startTimeoutMs);
afterAll(async () => {
  const exited = once(up, "exit");
  up.kill("SIGTERM");
  await exited;
  rmSync(cwd, { recursive: true });
}, startTimeoutMs);

/** The canary, once it has its share. */
async function untilShared(): Promise<typeof bad> {
  for (;;) {
    const agent = (await json("get", "faulty")) as { readonly targets?: readonly unknown[] };
    if (agent.targets?.length === 2) return newest();
  }
}

describe("redrive at the command line", { timeout: startTimeoutMs }, () => {
  it("is refused for what was not rolled back, or is not there", async () => {
    const running = await run("redrive", bad.version);
    expect(running).toMatchObject({ exitCode: 4, stdout: "" });
    expect(running.stderr).toMatch(/is Deploying; a redrive is of one that was rolled back \(not-allowed-now\)/);
    expect(await run("redrive", "nobody-v9")).toMatchObject({ exitCode: 3 });
    expect((await run("redrive", bad.version, "--limit", "none")).stderr).toMatch(/--limit is a whole number from 1/);
    await run("rollback", bad.version, "--reason", "it was wrong");
  });

  it("lists what would be handled again, and does nothing", async () => {
    const listed = await run("redrive", bad.version, "--dry-run");
    expect(listed).toMatchObject({ exitCode: 0, stderr: "" });
    const lines = listed.stdout.trimEnd().split("\n");
    const rows = lines.filter((line) => /^ +\d+ {2}handled +redrive /.test(line));
    expect(rows.length).toBeGreaterThan(messages / 5);
    expect(listed.stdout).toContain(`${bad.version} was rolled back at`);
    expect(listed.stdout).toContain(`→ ${rows.length} messages handled, 0 failed; it had sent`);
    expect(lines.slice(-2)).toEqual([
      `→ ${rows.length} would be handled again by ${stable}`,
      `→ Do it: caxton redrive ${bad.version}`,
    ]);
    const few = await run("redrive", bad.version, "--dry-run", "--limit", "3", "--json");
    const values = few.stdout
      .trimEnd()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
    expect(values).toHaveLength(4);
    expect(values[0]).toMatchObject({ result: "handled", becomes: "redrive", messageId: expect.any(String) });
    expect(values[3]).toMatchObject({ summary: { handled: rows.length, due: rows.length, restoredVersion: stable } });
    await settled(messages);
  });

  it("has a few handled again, then the rest, then nothing is left", async () => {
    const few = await run("redrive", bad.version, "--limit", "10", "--reason", "it was wrong");
    expect(few).toMatchObject({ exitCode: 0, stderr: "" });
    expect(few.stdout).toContain("\n✓ 10 sent again\n");
    await settled(messages + 10);

    const rest = (await json("redrive", bad.id)) as { readonly summary: { readonly handled: number } };
    const { handled } = rest.summary;
    expect(rest).toMatchObject({
      summary: { due: handled - 10, redriven: 10 },
      redrive: { state: "finished", number: 2 },
    });
    await settled(messages + handled);

    const none = await run("redrive", bad.version);
    expect(none).toMatchObject({ exitCode: 4 });
    expect(none.stderr).toContain(`of ${handled} messages of ${bad.version} ${handled} were sent again before`);
    expect(await run("redrive", bad.version, "--failed-only")).toMatchObject({ exitCode: 4 });
    expect(await run("redrive", bad.version, "--stop")).toMatchObject({ exitCode: 4 });
  });

  it("is in the history, and its messages name what they repeat", async () => {
    const { stdout } = await run("history", "faulty");
    expect(stdout).toMatch(/redrive 1 begun: what it handled or failed, 10 at most .*it was wrong/);
    expect(stdout).toMatch(/redrive 2 finished: \d+ sent again/);
    expect((await run("message", "faulty", String(messages + 1))).stdout).toMatch(/\nRepeats +\d+\/\d+\n/);
  });
});
