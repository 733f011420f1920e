import { execFile, spawn } from "node:child_process";
import { chmod, copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { createHash, randomUUID } from "node:crypto";
import { delimiter, join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { connectBus } from "@caxton/bus/connect";
import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Caxton } from "../demo/caxton.ts";
import { Stage } from "../demo/stage.ts";
import { type Addresses, startCaxton } from "../demo/start-caxton.ts";
import { buildFixture } from "../fixtures/build-fixture.ts";
import { anyTime, blockOf } from "../foreign/page-block.ts";
import { sendCommand, type Sent } from "../foreign/send-command.ts";
import { FetchedDocument } from "../harness/fetched-document.ts";

// Clients that are none of ours drive what docs/commands.md says: Python with nothing but its standard library, and the page's
// own lines in a shell.

const run = promisify(execFile);
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const isThere = (program: string): Promise<boolean> =>
  run(program, ["--version"]).then(
    () => true,
    () => false,
  );
const hasPython = await isThere("python3");

let stage: Stage;
let addresses: Addresses;
let component: string;
let bus: Bus;
beforeAll(async () => {
  stage = await Stage.open();
  [addresses, component] = await Promise.all([startCaxton(stage), buildFixture("echo")]);
  bus = await connectBus({ url: addresses.natsUrl, name: "test" });
});
afterAll(async () => {
  await bus.close();
  await stage.close();
});

const command = (...words: readonly string[]): Promise<Sent> =>
  sendCommand(...words, "--nats", addresses.natsUrl, "--gateway", addresses.httpUrl);

describe.skipIf(!hasPython)("a client in Python, over a plain socket", () => {
  const id = randomUUID();
  const deployment = randomUUID();
  const same = ["deploy", "echo", "--id", id, "--deployment", deployment];

  test("deploys an agent, and sees every event of it", async () => {
    expect(await command(...same, "--artifact", component, "--follow")).toEqual({
      exitCode: 0,
      stored: { stream: "CAXTON_COMMANDS", seq: expect.any(Number) },
      answer: {
        commandId: id,
        ok: true,
        agent: "echo",
        verb: "deploy",
        deployment,
        state: "Validating",
        sequence: expect.any(Number),
        receivedAt: expect.any(String),
      },
      events: [
        "DeploymentRequested",
        "DeploymentStarted",
        "ValidationPassed",
        "VersionReady",
        "RouteChanged",
        "RouteApplied",
        "DeploymentCompleted",
      ],
      errors: "",
    });
  });

  test("sends the same again and gets the same answer; other bytes under its id are told apart", async () => {
    /** As it is once the orchestrator has read what came again, too. */
    async function repeatedAnswer(times: number): Promise<unknown> {
      const kept = { filterSubject: `caxton.answers.ops.${id}`, signal: AbortSignal.timeout(20_000) };
      for await (const { data } of bus.streams.follow("CAXTON_ANSWERS", kept)) {
        const answer = decodeJson(data) as { readonly repeated?: number };
        if (answer.repeated === times) return answer;
      }
      throw new Error(`the answer to ${id} was not repeated ${times} times`);
    }
    expect(await command(...same, "--artifact", component)).toMatchObject({ exitCode: 0, answer: { commandId: id } });
    const again = await repeatedAnswer(1);
    expect(again).toMatchObject({ commandId: id, ok: true });
    expect(again).not.toHaveProperty("differed");
    const other = await command(...same, "--artifact", component, "--set", "instances=2");
    expect(other.answer).toMatchObject({ commandId: id, ok: true });
    expect(await repeatedAnswer(2)).toMatchObject({ commandId: id, ok: true, differed: true });
  });

  test("asks for a known deployment under a new id: yes for the same, no for anything else", async () => {
    const known = ["deploy", "echo", "--deployment", deployment, "--artifact", component];
    expect(await command(...known)).toMatchObject({ answer: { ok: true, deployment, state: "Running" } });
    const error = { code: "deployment-exists" };
    expect(await command(...known, "--set", "instances=2")).toMatchObject({
      exitCode: 1,
      answer: { ok: false, error },
    });
  });

  test.each([
    ["unknown-artifact", ["deploy", "echo", "--set", `artifact={"digest":"${"0".repeat(64)}"}`]],
    ["already-active", ["deploy", "echo", "--artifact", "COMPONENT"]],
    ["command-expired", ["deploy", "echo", "--artifact", "COMPONENT", "--set", 'expiresAt="2020-01-01T00:00:00Z"']],
    ["invalid-command", ["deploy", "echo", "--artifact", "COMPONENT", "--set", "sharre=5"]],
    ["invalid-command", ["explode", "echo"]],
    ["invalid-command", ["deploy", "echo", "--principal", "a+b"]],
    ["invalid-command", ["deploy", "echo", "--set", `configuration=${"[".repeat(70)}${"]".repeat(70)}`]],
    ["invalid-agent-name", ["deploy", "Echo", "--artifact", "COMPONENT"]],
    ["unknown-agent", ["abort", "nobody"]],
    ["unknown-deployment", ["rollback", "echo"]],
    ["not-allowed-now", ["abort", "echo", "--deployment", deployment]],
    ["nothing-to-roll-back-to", ["rollback", "echo", "--deployment", deployment]],
    ["not-allowed-now", ["pause", "echo", "--deployment", deployment]],
  ])("is refused with %s for %j", async (code, words) => {
    const sent = await command(...words.map((word) => (word === "COMPONENT" ? component : word)));
    expect(sent).toMatchObject({ exitCode: 1, answer: { ok: false, error: { code } } });
  });

  test("is told by an event what is wrong with an artifact", async () => {
    const file = join(stage.folder, "text.wasm");
    await writeFile(file, "no component at all");
    const sent = await command("deploy", "texts", "--artifact", file, "--follow");
    expect(sent).toMatchObject({ exitCode: 1, answer: { ok: true } });
    expect(sent.events).toEqual(["DeploymentRequested", "DeploymentStarted", "ValidationFailed"]);
  });

  test("finds the answer to what is no JSON under the sequence that the server named", async () => {
    const sent = await command("deploy", "quake-watch", "--principal", "ci", "--body", '{"id":');
    expect(sent).toMatchObject({ answer: { ok: false, error: { code: "invalid-command" } } });
    const { seq } = sent.stored as { readonly seq: number };
    expect(sent.answer).toMatchObject({ commandId: `seq-${seq}`, sequence: seq });
  });

  test("is told at once by the server what is too large, and finds an answer under its id all the same", async () => {
    const large = randomUUID();
    const file = join(stage.folder, "large.json");
    await writeFile(file, JSON.stringify({ id: large, deployment, configuration: "x".repeat(300_000) }));
    const sent = await command("deploy", "echo", "--id", large, "--deployment", deployment, "--body", `@${file}`);
    expect(sent.stored).toMatchObject({ error: { err_code: 10054 } });
    expect(sent.answer).toMatchObject({ commandId: large, ok: false, error: { code: "message-too-large" } });
    expect(sent.answer).not.toHaveProperty("sequence");
  });
});

/** A folder with what the page takes for granted and this machine does not have. */
async function missingPrograms(): Promise<string> {
  const folder = join(stage.folder, "programs");
  await mkdir(folder);
  if (!(await isThere("nats"))) await copyFile(here("../foreign/nats"), join(folder, "nats"));
  if (!(await isThere("uuidgen"))) {
    await writeFile(join(folder, "uuidgen"), "#!/bin/sh\ncat /proc/sys/kernel/random/uuid\n");
    await chmod(join(folder, "uuidgen"), 0o755);
  }
  return folder;
}

describe("docs/commands.md", () => {
  test("its lines in a shell deploy an agent, and print its answer and its events", async () => {
    const lines = await blockOf("commands.md", "## In short", "sh");
    await copyFile(component, join(stage.folder, "quake-watch.wasm"));
    const path = `${await missingPrograms()}${delimiter}${process.env["PATH"] ?? ""}`;
    const shell = spawn("bash", ["-euc", lines.replaceAll("http://127.0.0.1:7420", addresses.httpUrl)], {
      cwd: stage.folder,
      env: { ...process.env, PATH: path, NATS_URL: addresses.natsUrl },
      stdio: ["ignore", "pipe", "inherit"],
      detached: true,
    });
    const seen: unknown[] = [];
    try {
      for await (const line of createInterface({ input: shell.stdout })) {
        if (!line.startsWith("{")) continue;
        const printed: { readonly type?: string } = JSON.parse(line);
        seen.push(printed);
        if (printed.type === "caxton.deployment.DeploymentCompleted.v1") break;
      }
    } finally {
      if (shell.pid !== undefined && shell.exitCode === null) process.kill(-shell.pid, "SIGTERM");
    }
    expect(seen).toMatchObject([
      { digest: expect.any(String), stored: expect.any(Boolean) },
      { stream: "CAXTON_COMMANDS" },
      { ok: true, agent: "quake-watch", state: "Validating" },
      ...Array.from({ length: 7 }, () => ({ specversion: "1.0", source: "/caxton/agents/quake-watch" })),
    ]);
  });
});

describe.skipIf(!hasPython)("docs/operations.md", () => {
  test("its sample of `caxton commands` is what is printed", async () => {
    const sample = (await blockOf("operations.md", "## `caxton commands`", "")).trimEnd().split("\n");
    const asked = await fetch(`${addresses.httpUrl}/caxton.v1.AgentDeployment/DeployAgent`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        agent: "quake-watch",
        artifactDigest: createHash("sha256")
          .update(await readFile(component))
          .digest("hex"),
        configuration: { another: true },
        context: { actor: "ada" },
      }),
    });
    expect(asked.status).toBe(200);
    const caxton = new Caxton(stage, { CAXTON_GATEWAY: addresses.httpUrl });
    const printed = (await caxton.must("commands", "--agent", "quake-watch")).trimEnd().split("\n").map(anyTime);
    expect(printed).toEqual(expect.arrayContaining(sample.map(anyTime)));
  });
});

describe("the AsyncAPI document", () => {
  let document: FetchedDocument;
  beforeAll(async () => {
    document = new FetchedDocument(await (await fetch(`${addresses.httpUrl}/asyncapi.json`)).json());
  });
  /** The message of the document that this one is; undefined where it is none. */
  function describedAs(subject: string, value: unknown): string | undefined {
    for (const channel of document.names("channels")) {
      const address = document.find("channels", channel, "address");
      const pattern = String(address)
        .replaceAll(".", "[.]")
        .replaceAll(/\{\w+\}/g, "[^.]+");
      if (!new RegExp(`^${pattern}$`).test(subject)) continue;
      const fits = (name: string) => document.problems(value, "components", "messages", name, "payload").length === 0;
      return document.names("channels", channel, "messages").find(fits);
    }
    return undefined;
  }

  test("describes everything that is on the bus by now", async () => {
    const post = (body: string) => fetch(`${addresses.httpUrl}/agents/quake-watch/messages`, { method: "POST", body });
    await post('{"n":1}');
    await post("no JSON");
    const outputs = bus.streams.follow("CAXTON_OUTBOX_quake-watch", { signal: AbortSignal.timeout(20_000) });
    for await (const { subject } of outputs) if (subject === "caxton.outbox.quake-watch.reply") break;
    const letters = bus.streams.follow("CAXTON_OUTCOME_quake-watch", {
      fromSequence: 2,
      signal: AbortSignal.timeout(20_000),
    });
    for await (const { sequence } of letters) if (sequence === 2) break;

    const seen = new Set<string>();
    const undescribed: string[] = [];
    // What others put in may be anything; what we put out may not.
    const ours = (await bus.streams.names()).filter((name) => /^CAXTON_(ANSWERS|DEPLOYMENTS|LOGS|OUT)/.test(name));
    for (const stream of ours) {
      for await (const { subject, data } of bus.streams.read(stream)) {
        const name = describedAs(subject, decodeJson(data));
        if (name !== undefined) seen.add(name);
        else undescribed.push(`${subject} ${Buffer.from(data).toString().slice(0, 300)}`);
      }
    }
    expect(undescribed).toEqual([]);
    expect([...seen]).toEqual(
      expect.arrayContaining(["answer", "DeploymentCompleted", "output", "outcome", "logLines"]),
    );
  });

  test.each([
    ["ledger", {}],
    ["deadLetters", { limit: 10 }],
    ["windows", {}],
  ])("is asked and answered about %s as described", async (name, question) => {
    expect(document.problems(question, "components", "messages", name, "payload")).toEqual([]);
    const subject = document.text("channels", name, "address").replace("{agent}", "quake-watch");
    const answer: unknown = decodeJson((await bus.request(subject, encodeJson(question), { timeoutMs: 5_000 })).data);
    expect(answer).toMatchObject({ ok: true });
    expect(document.problems(answer, "components", "messages", `${name}Answer`, "payload")).toEqual([]);
  });
});
