import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildExamples } from "../harness/quake-agents.ts";
import { caxton, type Ended, ended, type Follower, startCaxton, startFollowing } from "./caxton-program.ts";

const startTimeoutMs = 60_000;
const event = { id: "us1", mag: 5.1, place: "here", time: 1, type: "earthquake" };

let cwd: string;
let up: ChildProcess;
let component: string;

/** Free ports, and no --gateway anywhere: every command finds its way by `.caxton/data/caxton.json`. */
async function startUp(httpPort: string): Promise<string> {
  const args = ["up", "--json", "--port", "0", "--http-port", httpPort, "--grpc-port", "0"];
  const { child, lines } = startFollowing(args, { cwd });
  up = child;
  const addresses = JSON.parse(String((await lines.next()).value)) as { readonly httpUrl: string };
  return addresses.httpUrl;
}

async function stopUp(): Promise<number | null> {
  const exited = once(up, "exit");
  up.kill("SIGTERM");
  await exited;
  return up.exitCode;
}

const run = (line: string, input?: string): Promise<Ended> => caxton(line.split(" "), { cwd }, input);

let httpUrl: string;
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), "caxton-cli-"));
  [component = ""] = await buildExamples(["quake-watch/v1"], cwd);
  httpUrl = await startUp("0");
}, startTimeoutMs);
afterAll(async () => {
  await stopUp();
  rmSync(cwd, { recursive: true });
}, startTimeoutMs);

describe("caxton, from the first deployment on", { timeout: startTimeoutMs }, () => {
  it("deploys with the ADR's lines", async () => {
    const { exitCode, stdout, stderr } = await run(`deploy agent ${component} --agent quake-watch`);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toMatch(
      /^✓ Validation passed \(\d+\.\ds\)\n✓ Agent deployed \(\d+\.\ds\)\n→ Agent ID: quake-v1-[0-9a-f]{5}\n→ Receiving messages\n$/,
    );
  });

  it("does not deploy the same once more", async () => {
    const { exitCode, stderr } = await run(`deploy agent ${component} --agent quake-watch`);
    expect(exitCode).toBe(4);
    expect(stderr).toMatch(/already runs this artifact .* \(already-active\)\n$/);
  });

  it("says at which stage and why it refuses", async () => {
    writeFileSync(join(cwd, "core-v2.wasm"), Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
    const { exitCode, stdout, stderr } = await run("deploy agent core-v2.wasm");
    expect(exitCode).toBe(5);
    expect(stdout).toMatch(
      /^→ New agent core, named after the file; .*\n✗ Validation failed at static: core-module\n {2}the file is a core module/,
    );
    expect(stderr).toMatch(/^caxton: deployment [0-9a-f-]{36} of core failed at static \(core-module\)\n$/);
    const shown: unknown = JSON.parse((await run("list --agent core --json")).stdout);
    expect(shown).toMatchObject({
      deployments: [{ state: "Failed", failure: { stage: "static", code: "core-module" } }],
    });
  });

  it("sends what is JSON and names what is not", async () => {
    const { exitCode, stdout, stderr } = await run("send quake-watch", `${JSON.stringify(event)}\nnonsense\n`);
    expect({ exitCode, stdout }).toEqual({
      exitCode: 2,
      stdout: "✓ 1 message accepted (sequence 1)\n✗ 1 message refused, the first at line 2: message-invalid\n",
    });
    expect(stderr).toMatch(/^caxton: 1 message was refused at line 2: it is not JSON/);
    const array = JSON.stringify([event, event], undefined, 2);
    const sent = await run("send quake-watch - --json", array);
    expect(JSON.parse(sent.stdout)).toMatchObject({ accepted: 2, firstSequence: 2, lastSequence: 3 });
  });

  it("sends nothing to an agent that is not there, nor of a kind that nobody accepts, and says what was meant", async () => {
    const misspelt = await run("send quake-wacth", JSON.stringify(event));
    expect(misspelt).toEqual({
      exitCode: 3,
      stdout: "",
      stderr:
        "caxton: no agent 'quake-wacth' was ever deployed here; did you mean 'quake-watch'? `caxton list` shows what there is (unknown-agent)\n",
    });
    expect(await run("logs quake-wacth")).toMatchObject({ exitCode: 3, stderr: misspelt.stderr });
    const unaccepted = await run("send quake-watch --kind evnt", JSON.stringify(event));
    expect(unaccepted).toMatchObject({ exitCode: 2, stdout: "" });
    expect(unaccepted.stderr).toMatch(
      /^caxton: quake-watch accepts no kind 'evnt', nothing was sent; quake-v1-\S+ accepts event; did you mean 'event'\? \(invalid-argument\)\n$/,
    );
    expect(await run("send core --kind whatever", JSON.stringify(event))).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining("agent core has no inbox; deploy it first"),
    });
    expect(await run("send quake-watch --kind event", JSON.stringify(event))).toMatchObject({ exitCode: 0 });
  });

  it("accounts for it", async () => {
    const { exitCode, stdout } = await run("ledger quake-watch --json");
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ agent: "quake-watch", accepted: 4, deadLettered: 0, faults: [] });
  });

  it("prints what it put into its outbox, and goes on until Ctrl-C", async () => {
    const follower = startFollowing(["outputs", "quake-watch", "--follow", "--json"], { cwd });
    const outputs = [await nextOutput(follower), await nextOutput(follower), await nextOutput(follower)];
    expect(outputs).toMatchObject([
      { agent: "quake-watch", kind: "alert", position: 1, message: { sequence: 1, output: 0 } },
      { position: 2, message: { sequence: 2 } },
      { position: 3, message: { sequence: 3 } },
    ]);
    const { stdout } = await run("outputs quake-watch --last 2 --kind alert");
    expect(stdout).toMatch(
      /^\S+Z {2}alert {2}\[message \d of epoch \d+\] {2}\{.*"us1".*\n\S+Z {2}alert {2}\[message \d\] {2}\{.*\n$/,
    );
    const none = await run("outputs quake-watch --kind alarm");
    expect(none).toMatchObject({ exitCode: 0, stdout: "" });
    expect(none.stderr).toContain("quake-watch has nothing of kind 'alarm' in its outbox");
    const seen = await nextOutput(follower);
    expect(seen).toMatchObject({ message: { sequence: 4 } });
    follower.child.kill("SIGINT");
    expect(await follower.exitCode).toBe(130);
  });

  it("shows what its active version is, and what is kept of it and why", async () => {
    const { exitCode, stdout } = await run("get quake-watch");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/\nLimits +memory 64\.0 MiB, /);
    expect(stdout).toMatch(/\nInbox takes +[\d.,]+ (GiB|messages) in all, 256\.0 KiB a message, at most 16 agents/);
    expect(stdout).toMatch(/\ninbox +4 +1 +4 /);
    expect(stdout).toMatch(/\n  inbox: what is done is kept for 24 h; 1 was done \d+ s ago\n/);
    const { active, retention } = JSON.parse((await run("get quake-watch --json")).stdout);
    expect(active).toMatchObject({ agent: "quake-watch", state: "Running", configuration: {}, concurrency: 1 });
    expect(retention).toMatchObject({ inbox: { messages: 4, kept: { keptMs: 86_400_000 } }, outbox: { maxBytes: -1 } });
  });

  it("shows how everything is, and that all is well", async () => {
    const { exitCode, stdout } = await run("status --check");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^✓ Healthy: 8 services, 2 agents\n/);
    expect(stdout).toMatch(/\nquake-watch +0 /);
    const shown: unknown = JSON.parse((await run("status --json")).stdout);
    // Of `core` there is only a deployment that was refused.
    expect(shown).toMatchObject({
      agents: [
        { agent: "core", versions: [] },
        { agent: "quake-watch", deadLettered: 0, versions: [{ ready: 1 }] },
      ],
    });
  });

  it("prints what an agent and its host log", async () => {
    const { stdout } = await run("logs quake-watch --json --version quake-v1");
    const [first = ""] = stdout.split("\n");
    expect(JSON.parse(first)).toMatchObject({ agent: "quake-watch", source: "host", level: "info" });
    expect((await run("logs quake-watch --message nobody-sent-it")).stdout).toBe("");
    expect(await run("logs quake-watch --level loud")).toMatchObject({ exitCode: 2, stdout: "" });
    expect(await run("logs nobody")).toMatchObject({ exitCode: 3, stdout: "" });
  });

  it("checks what is known to go wrong", async () => {
    const { findings } = JSON.parse((await run("doctor --json")).stdout) as {
      readonly findings: readonly { readonly check: string; readonly result: string }[];
    };
    const results = new Map(findings.map(({ check, result }) => [check, result]));
    for (const check of [
      "gateway",
      "nats-server here",
      "nats-server",
      "event store",
      "services",
      "streams",
      "agents",
      "keys",
    ])
      expect([check, results.get(check)]).toEqual([check, "ok"]);
    expect(results.get("fsync")).toBe("warning");
  });

  it("replays to what is served, at the end and half way", async () => {
    const whole = await run("replay quake-watch");
    expect(whole.stdout).toMatch(/\n✓ replay matches\n$/);
    const half = await run("replay quake --to 3 --json");
    expect(JSON.parse(half.stdout)).toMatchObject({ agent: "quake-watch", revision: 3, events: 4, matches: true });
    expect(await run("replay quake-watch --to 999")).toMatchObject({ exitCode: 2, stdout: "" });
  });

  it("ends quietly when whoever reads an endless stream has left", async () => {
    const follower = startFollowing(["events", "quake-watch", "--follow"], { cwd });
    await follower.lines.next();
    follower.child.stdout?.destroy();
    await run("deploy agent core-v2.wasm --agent quake-watch --detach");
    expect(await follower.exitCode).toBe(0);
  });

  it("goes on sending when the gateway is back, and where a send was interrupted, each message once", async () => {
    const lines = Array.from({ length: 5 }, (_, index) => `${JSON.stringify({ ...event, id: `again${index}` })}\n`);
    const begin = await accepted();
    const patient = startCaxton(["send", "quake-watch", "-"], { cwd });
    patient.stdin?.write(lines.slice(0, 3).join(""));
    await expect.poll(accepted, { timeout: 20_000 }).toBe(begin + 3);
    expect(await stopUp()).toBe(0);
    patient.stdin?.end(lines.slice(3).join(""));
    await startUp(new URL(httpUrl).port);
    const through = await ended(patient);
    expect(through).toMatchObject({ exitCode: 0, stderr: "" });
    expect(through.stdout).toMatch(/^✓ 5 messages accepted \(sequences/);
    expect(await accepted()).toBe(begin + 5);

    const impatient = startCaxton(["send", "quake-watch", "-"], { cwd, bare: true });
    impatient.stdin?.write(lines.slice(0, 3).join(""));
    await expect.poll(accepted, { timeout: 20_000 }).toBe(begin + 8);
    expect(await stopUp()).toBe(0);
    impatient.stdin?.write(lines.slice(3).join(""));
    impatient.kill("SIGINT");
    const broken = await ended(impatient);
    expect(broken.exitCode).toBe(130);
    const [, command = ""] =
      /^✓ 3 messages accepted .*\n→ Go on with: caxton (.*), and the same input\n$/.exec(broken.stdout) ?? [];
    expect(command).toMatch(/^send quake-watch - --continue [0-9a-f]{12}-4-\d+$/);
    await startUp(new URL(httpUrl).port);
    expect((await run(command, lines.join(""))).stdout).toMatch(/^✓ 2 messages accepted \(sequences/);
    expect(await accepted()).toBe(begin + 10);
    expect(await run("send quake-watch - --continue there", "1")).toMatchObject({ exitCode: 2 });
  });

  it("follows across a gateway that goes away and comes back, each event once, until Ctrl-C", async () => {
    const follower = startFollowing(["events", "quake-watch", "--follow", "--json"], { cwd });
    const revisions = [await nextRevision(follower)];
    expect(await stopUp()).toBe(0);
    await startUp(new URL(httpUrl).port);
    const refused: unknown = JSON.parse((await run("deploy agent core-v2.wasm --agent quake-watch --json")).stdout);
    const last = numberAt(refused, "revision");
    while ((revisions.at(-1) ?? last) < last) revisions.push(await nextRevision(follower));
    expect(revisions).toEqual(Array.from({ length: last + 1 }, (_, revision) => revision));
    follower.child.kill("SIGINT");
    expect(await follower.exitCode).toBe(130);
  });
});

async function accepted(): Promise<number> {
  return numberAt(JSON.parse((await run("ledger quake-watch --json")).stdout), "accepted");
}

async function nextOutput({ lines }: Follower): Promise<unknown> {
  const { value, done } = await lines.next();
  if (done === true) throw new Error("caxton outputs --follow ended");
  return JSON.parse(value);
}

async function nextRevision({ lines }: Follower): Promise<number> {
  const { value, done } = await lines.next();
  if (done === true) throw new Error("caxton events --follow ended");
  return numberAt(JSON.parse(value), "revision");
}

function numberAt(value: unknown, name: string): number {
  const found = (value as Record<string, unknown>)[name];
  if (typeof found !== "number") throw new Error(`no number '${name}' in ${JSON.stringify(value)}`);
  return found;
}
