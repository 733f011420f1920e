import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildFixture } from "../fixtures/build-fixture.ts";
import { caxton, type Ended, startCaxton, startFollowing } from "./caxton-program.ts";

const startTimeoutMs = 60_000;
let cwd: string;
let up: ChildProcess;
const traffic = new AbortController();
let sending: Promise<void>;

const run = (...words: readonly string[]): Promise<Ended> => caxton(words, { cwd });
const json = async (...words: readonly string[]): Promise<unknown> =>
  JSON.parse((await run(...words, "--json")).stdout);

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), "caxton-canary-"));
  copyFileSync(
    await buildFixture(fileURLToPath(new URL("../fixtures/agents/faulty.js", import.meta.url))),
    join(cwd, "faulty.wasm"),
  );
  const args = ["up", "--json", "--port", "0", "--http-port", "0", "--grpc-port", "0"];
  const { child, lines } = startFollowing(args, { cwd });
  up = child;
  const { httpUrl } = JSON.parse(String((await lines.next()).value)) as { readonly httpUrl: string };
  await run("deploy", "agent", "faulty.wasm");
  sending = send(`${httpUrl}/agents/faulty/messages`, traffic.signal);
}, startTimeoutMs);
afterAll(async () => {
  traffic.abort();
  await sending;
  const exited = once(up, "exit");
  up.kill("SIGTERM");
  await exited;
  rmSync(cwd, { recursive: true });
}, startTimeoutMs);

/** Two hundred messages a second. */
async function send(url: string, signal: AbortSignal): Promise<void> {
  for (let n = 0; !signal.aborted; n += 20) {
    const body = Array.from({ length: 20 }, (_, index) => JSON.stringify({ n: n + index })).join("\n");
    await fetch(url, { method: "POST", body, headers: { "content-type": "application/x-ndjson" }, signal }).catch(
      () => undefined,
    );
    await delay(100, undefined, { signal }).catch(() => undefined);
  }
}

/** A deployment that is followed; `until` resolves with everything printed so far once a line holds the text. */
function follow(...words: readonly string[]) {
  const child = startCaxton(words, { cwd });
  if (child.stdout === null || child.stderr === null) throw new Error("the command has no output");
  const told: string[] = [];
  let stderr = "";
  child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const closed = once(child, "close");
  return {
    child,
    async until(text: string): Promise<readonly string[]> {
      for (;;) {
        const { value, done } = await lines.next();
        if (done === true) throw new Error(`it ended without '${text}':\n${told.join("\n")}\n${stderr}`);
        told.push(value);
        if (value.includes(text)) return told;
      }
    },
    async end(): Promise<Ended> {
      for await (const line of { [Symbol.asyncIterator]: () => lines }) told.push(line);
      await closed;
      return { exitCode: child.exitCode, stdout: `${told.join("\n")}\n`, stderr };
    },
  };
}

async function newest(): Promise<{ readonly id: string; readonly version: string }> {
  const { deployments } = (await json("list")) as {
    readonly deployments: readonly { readonly id: string; readonly version: string }[];
  };
  const [first] = deployments;
  if (first === undefined) throw new Error("there is no deployment");
  return first;
}

const seconds = String.raw`\d+\.\ds`;

/** ADR 0008, section 3, word for word. */
const adr = `deployment:
  strategy: blue-green
  stages:
    - validate: 30s
    - warm_up: 60s
    - switch: instant
    - cleanup: 300s
`;

describe("blue-green at the command line", { timeout: startTimeoutMs }, () => {
  it("is warmed up, switched and taken back with a line for each, and comes back for a failure with its code", async () => {
    writeFileSync(join(cwd, "adr.yaml"), adr);
    const { exitCode, stdout, stderr } = await run(
      ..."deploy agent faulty.wasm --config adr.yaml --configuration".split(" "),
      '{"take":"green"}',
    );
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    const { version } = await newest();
    expect(stdout.split("\n")).toEqual([
      expect.stringMatching(`^✓ Validation passed \\(${seconds}\\)$`),
      expect.stringMatching(
        `^✓ Warm-up: \\d+ messages of the inbox, latency steady at .* ms \\(.* ms at first\\) \\(${seconds}\\)$`,
      ),
      expect.stringMatching(`^✓ Switched from faulty-v\\S+ to ${version}, all messages at once \\(${seconds}\\)$`),
      `→ Agent ID: ${version}`,
      "→ Receiving messages",
      expect.stringMatching(`^→ faulty-v\\S+ stays warm for 5 minutes: caxton rollback ${version}$`),
      "",
    ]);
    expect((await run("explain", version)).stdout).toMatch(
      / 3 {2}warm-up .*\n +\d+ messages of the inbox, latency steady/,
    );
    expect((await run("history", "faulty")).stdout).toMatch(/warmed up: steady after \d+ answers/);
    expect(await run("rollback", version)).toMatchObject({ exitCode: 0 });

    const bad = await run(
      ..."deploy agent faulty.wasm --strategy blue-green --json --configuration".split(" "),
      '{"fault":"refuse","every":2,"from":2}',
    );
    expect(bad.exitCode).toBe(5);
    const last: unknown = JSON.parse(bad.stdout.trimEnd().split("\n").at(-1) ?? "");
    expect(last).toMatchObject({
      type: "deployment",
      deployment: { state: "Failed", strategy: "blue-green", failure: { stage: "warm-up", code: "warm-up-failed" } },
    });
  });
});

describe("a canary at the command line", { timeout: startTimeoutMs }, () => {
  it("goes through its steps with the ADR's lines, waits for a person, and can be rolled back afterwards as well", async () => {
    const steps = "20%:3s,approve,100%";
    const canary = follow(
      "deploy",
      "agent",
      "faulty.wasm",
      "--configuration",
      '{"take":2}',
      "--steps",
      steps,
      "--rollback-on",
      "error_rate > 50%",
    );
    await canary.until("Waiting for an approval");
    const { version } = await newest();
    const wrong = await run("approve", version, "--step", "3");
    expect([wrong.exitCode, wrong.stderr]).toEqual([
      4,
      expect.stringMatching(/means step 3 of .*, which is at step 4 of 6 \(stale-step\)/),
    ]);
    expect(await run("approve", version, "--reason", "asked the team")).toMatchObject({
      exitCode: 0,
      stdout: `✓ Approved: ${version} of faulty, step 4\n→ See how it goes: caxton get -w ${version}\n`,
    });
    const { exitCode, stdout, stderr } = await canary.end();
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toMatch(
      new RegExp(
        [
          `^✓ Validation passed \\(${seconds}\\)`,
          `✓ Canary 20% started \\(${seconds}\\)`,
          "→ Monitoring for 3 seconds...",
          String.raw`✓ Error rate: 0% \(threshold: 50%\)`,
          "→ Waiting for an approval",
          `→ Approve it: caxton approve ${version} --step 4`,
          String.raw`→ Approved by .* \(gateway\): asked the team`,
          "✓ Promoting to 100%...",
          `✓ Agent deployed \\(${seconds}\\)`,
          `→ Agent ID: ${version}`,
          "→ Receiving messages",
          `→ faulty-v1-[0-9a-f]{5} stays warm for 5 minutes: caxton rollback ${version}\n$`,
        ].join("\n"),
      ),
    );

    const back = await run("rollback", version, "--reason", "alerts without a place");
    expect({ exitCode: back.exitCode, stderr: back.stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(back.stdout).toMatch(
      new RegExp(
        [
          `^✓ Messages diverted \\(${seconds}\\)`,
          `✓ Draining in-flight \\(${seconds}\\)`,
          `✓ Previous version restored \\(${seconds}\\)`,
          `→ Rollback complete in ${seconds}\n$`,
        ].join("\n"),
      ),
    );
    expect(await json("get", "faulty")).toMatchObject({ activeVersion: expect.stringMatching(/^faulty-v1-/) });

    const again = await run("rollback", version, "--reason", "once more");
    expect({ exitCode: again.exitCode, stderr: again.stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(again.stdout).toMatch(
      new RegExp(`^→ Taken back already: ${version} of faulty, since \\S+Z by .*: alerts without a place\n$`),
    );
    expect(await json("rollback", version)).toMatchObject({
      state: "RolledBack",
      deployment: { version },
      ledger: { deadLettered: 0 },
      already: { reason: "alerts without a place" },
    });
  });

  it("is taken back by itself, tells it as a stream of JSON, and can be explained", async () => {
    const bad = '{"fault":"refuse","every":2}';
    const { exitCode, stdout } = await run(
      "deploy",
      "agent",
      "faulty.wasm",
      "--configuration",
      bad,
      "--steps",
      "50%:60s,100%",
      "--json",
    );
    expect(exitCode).toBe(4);
    const told = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { readonly type: string; readonly event?: { readonly type: string } });
    const events = told.flatMap(({ event }) => event?.type ?? []);
    expect(events.slice(0, 6)).toEqual([
      "DeploymentRequested",
      "DeploymentStarted",
      "ValidationPassed",
      "VersionReady",
      "RouteChanged",
      "RouteApplied",
    ]);
    expect(events.slice(-5)).toEqual(
      expect.arrayContaining(["VersionDrained", "VersionStopped", "DeploymentRolledBack"]),
    );
    expect(told.filter(({ type }) => type === "progress").length).toBeGreaterThan(0);
    expect(told.at(-1)).toMatchObject({
      type: "deployment",
      deployment: { state: "RolledBack", rollback: { cause: "high_error_rate" } },
      error: { code: "rolled-back" },
    });

    const { version } = await newest();
    const explained = await json("explain", version);
    expect(explained).toMatchObject({
      deployment: { steps: { 2: { decisions: [{ decision: "rolled-back", verdict: { outcome: "fail" } }] } } },
      ledger: { deadLettered: 0 },
    });
    const account = (
      explained as { ledger: { versions: { version: string; failed: number; fallbacks: number }[] } }
    ).ledger.versions.find((one) => one.version === version);
    expect(account?.failed).toBeGreaterThan(0);
    expect(account?.fallbacks).toBe(account?.failed);
    const { stdout: text } = await run("explain", version);
    expect(text).toMatch(
      /\n {6}fail {2}error_rate > 1%: observed \d+(\.\d+)?%, at least .* for sure, threshold 1%, \d+ samples in /,
    );
    expect(text).toMatch(/\nTaken back: high_error_rate, by orchestrator .*\n/);
    expect(text).toMatch(/\nDiverted +after .*: the router followed route revision \d+\n/);
  });

  it("goes on without whoever left, is paused, resumed and promoted by hand, and all of it is in the history", async () => {
    const canary = follow(
      "deploy",
      "agent",
      "faulty.wasm",
      "--configuration",
      '{"take":3}',
      "--steps",
      "20%:60s,50%:60s,100%",
    );
    await canary.until("Monitoring for 1 minute...");
    canary.child.kill("SIGINT");
    const left = await canary.end();
    const { id, version } = await newest();
    expect(left).toMatchObject({
      exitCode: 130,
      stderr: expect.stringContaining(`the rollout goes on without you; come back with: caxton get -w ${id}`),
    });
    expect((await run("pause", version, "--reason", "a ticket")).stdout).toMatch(/^✓ Paused: .* of faulty, step 3\n/);
    expect((await run("get", version)).stdout).toMatch(
      /\nStep +shift, 3 of 6: 20%, watched until .*, paused since .*\n/,
    );
    const again = await run("pause", version, "--reason", "another ticket");
    expect([again.exitCode, again.stdout]).toEqual([
      0,
      expect.stringMatching(`^→ Paused already: ${version} of faulty, since \\S+Z by .*: a ticket\n$`),
    ]);
    expect(await json("pause", version)).toMatchObject({
      state: "Deploying",
      step: 3,
      already: { reason: "a ticket" },
    });
    expect((await run("resume", version)).stdout).toMatch(/^✓ Resumed: .* of faulty, step 3\n/);
    expect((await run("resume", version)).stdout).toMatch(
      new RegExp(`^→ Goes on already: ${version} of faulty, since \\S+Z by .*\n$`),
    );
    const followed = follow("get", "-w", id);
    await followed.until("Monitoring for 1 minute...");
    expect((await run("promote", version, "--reason", "looks good")).stdout).toMatch(/^✓ Promoted: /);
    await followed.until("Canary 50% started");
    expect((await run("promote", version, "--full")).stdout).toMatch(/^✓ Promoted to all messages: /);
    const { exitCode, stdout } = await followed.end();
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/\n→ Promoted by .*: looks good\n✓ Promoting to 50%...\n/);
    expect(stdout).toMatch(/\n→ Promoted to all messages by .*\n✓ Promoting to 100%...\n✓ Agent deployed /);
    const late = await run("promote", version);
    expect([late.exitCode, late.stderr]).toEqual([4, expect.stringContaining("(not-allowed-now)")]);
    const { stdout: history } = await run("history", "faulty", "--deployment", version);
    expect(history).toMatch(/ paused at step 3 +\S+ \(gateway\) +a ticket\n/);
    expect(history).toMatch(/ promoted from step 3 +\S+ \(gateway\) +looks good\n/);
    expect(history).toMatch(/ promoted to all messages +\S+ \(gateway\)/);
  });

  it("is aborted on its way, once", async () => {
    const asked = ["deploy", "agent", "faulty.wasm", "--configuration", '{"take":4}', "--steps", "20%:60s,100%"];
    const { id } = (await json(...asked, "--detach")) as { readonly id: string };
    const canary = follow("get", "-w", id, "--json");
    // Only a step that every router follows is judged.
    await canary.until('"type":"progress"');
    const both = await Promise.all([
      run("abort", id, "--reason", "wrong file"),
      run("abort", id, "--reason", "wrong file"),
    ]);
    expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    const [did = "", found = ""] = both.map(({ stdout }) => stdout).toSorted((a) => (a.startsWith("✓") ? -1 : 1));
    expect(did).toMatch(/^✓ Messages diverted \(.*\n→ Rollback complete in .*\n$/s);
    expect(found).toMatch(/^→ Taken back already: .*: wrong file\n/);
    const { exitCode, stdout } = await canary.end();
    expect(exitCode).toBe(4);
    const started = stdout.split("\n").filter((line) => line.includes('"type":"RollbackStarted"'));
    expect(started).toHaveLength(1);
    expect((await run("rollback", id)).exitCode).toBe(0);
    expect(await run("rollback", "nothing")).toMatchObject({ exitCode: 3 });
  });
});
