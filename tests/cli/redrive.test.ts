import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildFixture } from "../fixtures/build-fixture.ts";
import { caxton, type Ended, startFollowing } from "./caxton-program.ts";

const startTimeoutMs = 60_000;
const messages = 200;
/** Half of the messages; what it fails on are dead letters, and nobody minds. */
const file = `deployment:
  strategy: canary
  stages:
    - canary: 50% for 1h
    - full: 100%
  rollback_on:
    - error_rate > 90%
  on_canary_failure: deadletter
`;
let cwd: string;
let up: ChildProcess;
let stable: string;
/** What a redrive prints. */
interface Counted {
  readonly summary: Readonly<Record<"handled" | "deadLettered" | "due" | "redriven", number>>;
  readonly redrive: { readonly redriven: number };
}
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
  writeFileSync(join(cwd, "bad.yaml"), file);
  const fails = '{"fault":"refuse","every":4}';
  await run("deploy", "agent", "faulty.wasm", "--configuration", fails, "--config", "bad.yaml", "--detach");
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
    const handled = lines.filter((line) => /^ +\d+ {2}handled +redrive .* reply$/.test(line)).length;
    const failed = lines.filter((line) => /^ +\d+ {2}agent-failure +redrive .* nothing$/.test(line)).length;
    expect(handled).toBeGreaterThan(messages / 5);
    expect(failed).toBeGreaterThan(messages / 30);
    expect(listed.stdout).toContain(`${bad.version} was rolled back at`);
    expect(listed.stdout).toContain(
      `→ ${handled} messages handled, ${failed} failed; it had sent ${handled} outputs, which stay sent`,
    );
    expect(lines.slice(-2)).toEqual([
      `→ ${handled + failed} would be handled again by ${stable}`,
      `→ Do it: caxton redrive ${bad.version}`,
    ]);
    const few = await run("redrive", bad.version, "--dry-run", "--limit", "3", "--json");
    const values = few.stdout
      .trimEnd()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
    expect(values).toHaveLength(4);
    expect(values[0]).toMatchObject({ becomes: "redrive", messageId: expect.any(String) });
    expect(values[3]).toMatchObject({
      summary: { handled, deadLettered: failed, due: handled + failed, missing: 0, restoredVersion: stable },
    });
    await settled(messages);
  });

  it("has a few handled again, then those that failed, then the rest, then nothing is left", async () => {
    const listed = await run("redrive", bad.version, "--dry-run", "--limit", "1", "--json");
    const { summary } = JSON.parse(listed.stdout.trimEnd().split("\n").at(-1) ?? "") as Counted;
    const few = await run("redrive", bad.version, "--limit", "10", "--reason", "it was wrong");
    expect(few).toMatchObject({ exitCode: 0, stderr: "" });
    expect(few.stdout).toContain("\n✓ 10 sent again\n");
    await settled(messages + 10);
    const told = /^Redrive +1, finished \S+, asked for by .+ \(it was wrong\): 10 sent again$/m;
    await expect.poll(async () => (await run("get", bad.id)).stdout, { timeout: 10_000 }).toMatch(told);

    const failed = (await json("redrive", bad.version, "--failed-only")) as Counted;
    expect(failed).toMatchObject({
      summary: { handled: 0, deadLettered: summary.deadLettered },
      redrive: { state: "finished", number: 2 },
    });
    expect(failed.summary.due + failed.summary.redriven).toBe(summary.deadLettered);
    const rest = (await json("redrive", bad.id)) as Counted;
    const all = summary.handled + summary.deadLettered;
    expect(rest).toMatchObject({ redrive: { state: "finished", number: 3 } });
    expect(10 + failed.redrive.redriven + rest.redrive.redriven).toBe(all);
    await settled(messages + all);

    const none = await run("redrive", bad.version);
    expect(none).toMatchObject({ exitCode: 4 });
    expect(none.stderr).toContain(`of ${all} messages of ${bad.version} ${all} were sent again before`);
    expect(await run("redrive", bad.version, "--stop")).toMatchObject({ exitCode: 4 });
    // A dead letter that was redriven is known as one that was sent again.
    expect((await run("deadletter", "list", "faulty")).stdout).toMatch(/as \d+: handled/);
  });

  it("is in the history, and its messages name what they repeat", async () => {
    const { stdout } = await run("history", "faulty");
    expect(stdout).toMatch(/redrive 1 begun: what it handled or failed, 10 at most .*it was wrong/);
    expect(stdout).toMatch(/redrive 3 finished: \d+ sent again/);
    expect((await run("message", "faulty", String(messages + 1))).stdout).toMatch(/\nRepeats +\d+\/\d+\n/);
  });
});
