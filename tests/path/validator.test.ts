import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { ensureAgentStreams } from "@caxton/bus/agent-streams";
import { encodeJson } from "@caxton/bus/json";
import { defaultLimits } from "@caxton/contracts/limits";
import { header, inboxSubject, validateSubject } from "@caxton/contracts/subjects";
import type { ValidationReport } from "@caxton/contracts/validation";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { coreModule, emptyComponent, otherWorld, tinyAgent } from "../fixtures/wat-components.ts";
import type { ServiceProcess } from "../harness/service-process.ts";
import { fixture, refusal, startValidatorPath, type ValidatorPath } from "../harness/validator.ts";

const example = (path: string) => fixture(fileURLToPath(new URL(`../../examples/${path}`, import.meta.url)));
const text = (words: string) => new TextEncoder().encode(words);
const limits = { ...defaultLimits, messageTimeoutMs: 300 };
const impatient = { ...limits, startTimeoutMs: 1_000 };

let path: ValidatorPath;
beforeAll(async () => {
  path = await startValidatorPath();
});
afterAll(() => path[Symbol.asyncDispose]());

/** A description in JSON for tinyAgent, which answers everything with nothing. */
function described(schema: unknown, examples: readonly unknown[], kind = "order", handleBody = "") {
  const accepts = [{ kind, schema, examples }];
  return tinyAgent(JSON.stringify({ name: "tiny", version: "1", accepts, emits: [] }), { handleBody });
}

const integer = { type: "object", required: ["n"], properties: { n: { type: "integer" } } };
const loops = () => described(integer, [{ n: 1 }], "order", "(loop $again (br $again))");

async function reportOn(bytes: Uint8Array, more: Parameters<ValidatorPath["report"]>[0] | object = {}) {
  return path.report({ limits, ...more, digest: await path.upload(bytes) });
}

const stagesIn = (report: ValidationReport) =>
  (["static", "sandbox", "contracts", "resources"] as const).filter((stage) => report[stage] !== undefined);

describe("a good agent", () => {
  it("passes all four stages, each timed, and is prepared once", async () => {
    const digest = await path.upload(await example("quake-watch/v1.js"));
    const first = await path.report({ digest });
    expect(refusal(first)).toBe("passed");
    expect(first).toMatchObject({ digest, passed: true, cached: false, description: { shortName: "quake" } });
    for (const stage of stagesIn(first)) expect(first[stage]).toMatchObject({ passed: true, findings: [] });
    const { static: checked, sandbox, contracts, resources } = first;
    expect(checked.sizeBytes).toBeGreaterThan(1_000_000);
    expect(checked.exports).toEqual(expect.arrayContaining(["describe", "handle"]));
    expect(sandbox?.startMs).toBeGreaterThan(1);
    expect(contracts).toMatchObject({ compatible: "first", liveMessages: 0 });
    expect(contracts?.examples).toBeGreaterThan(1);
    expect(resources?.messageP50Ms).toBeGreaterThan(0);
    expect(resources?.messageP99Ms).toBeGreaterThanOrEqual(resources?.messageP50Ms ?? Infinity);
    expect(resources?.memoryPeakBytes).toBeGreaterThan(1_000_000);
    expect(resources?.outputMaxBytes).toBeGreaterThan(50);
    const sum = [checked, sandbox, contracts, resources].reduce((total, stage) => total + (stage?.durationMs ?? 0), 0);
    expect(first.durationMs).toBeGreaterThanOrEqual(sum);

    const again = await path.report({ digest });
    expect(again).toEqual({ ...first, cached: true, durationMs: again.durationMs });
    // Other limits are another version: measured anew, from what was prepared.
    const roomy = await path.report({ digest, limits: { ...defaultLimits, p99MaxMs: 300 } });
    expect(roomy).toMatchObject({ passed: true, cached: true });
    expect(roomy.resources?.messageP50Ms).not.toBe(first.resources?.messageP50Ms);
  });

  it("replaces its live version where the schemas show that nothing breaks", async () => {
    const live = { version: "quake-v1-00000", digest: await path.upload(await example("quake-watch/v1.js")) };
    const report = await path.report({ digest: await path.upload(await example("quake-watch/v2.js")), live });
    expect(refusal(report)).toBe("passed");
    expect(report.contracts?.compatible).toBe("yes");
  });
});

describe("the configuration", () => {
  const schema = { type: "object", required: ["stock"], properties: { stock: { type: "integer", minimum: 1 } } };
  const configured = (configuration: unknown) =>
    tinyAgent(
      JSON.stringify({
        name: "tiny",
        version: "1",
        accepts: [{ kind: "order", schema: integer, examples: [{ n: 1 }] }],
        emits: [],
        configuration,
      }),
    );

  it.each([
    ['{"stock":40}', "passed"],
    ['{"stock":0}', "contracts: configuration-invalid: the configuration: /stock is 0 and must be >= 1"],
    [
      "{}",
      "contracts: configuration-invalid: the configuration: the value is {} and must have required property 'stock'",
    ],
  ])("%s is held against the schema that the component declares", async (configuration, says) => {
    expect(refusal(await reportOn(await configured({ schema, examples: [{ stock: 1 }] }), { configuration }))).toBe(
      says,
    );
  });

  it("may be any JSON where none is declared", async () => {
    expect(refusal(await reportOn(await described(integer, [{ n: 1 }]), { configuration: "[1]" }))).toBe("passed");
  });

  it("has a schema that is one, and examples that satisfy it", async () => {
    const broken = await configured({ schema: { type: "integral" } });
    expect(refusal(await reportOn(broken))).toContain("contracts: schema-invalid: configuration: ");
    const untrue = await configured({ schema, examples: [{ stock: "many" }] });
    expect(refusal(await reportOn(untrue))).toContain(
      "contracts: example-invalid: configuration: example 0: /stock is ",
    );
  });
});

describe("the static stage refuses", () => {
  it.each([
    ["an empty file", () => new Uint8Array(), "artifact-empty", "the file is empty"],
    ["text", () => text("#!/bin/sh\necho hello"), "not-wasm", "#!/bin/sh"],
    ["a core module", coreModule, "core-module", "component new"],
    ["a component of no world", emptyComponent, "wrong-world", "does not export 'describe'"],
    ["a component of another world", otherWorld, "wrong-world", "does not export 'handle'"],
    ["a component cut short", async () => (await fixture("echo")).subarray(0, 1_000), "malformed-component", "read"],
    ["memory over the limit", () => tinyAgent("{}", { memoryPages: 2_000 }), "memory-over-limit", "131072000"],
  ])("%s", async (_, bytes, code, says) => {
    const report = await reportOn(await bytes());
    expect(report.passed).toBe(false);
    expect(stagesIn(report)).toEqual(["static"]);
    expect(refusal(report)).toMatch(new RegExp(`^static: ${code}: `));
    expect(refusal(report)).toContain(says);
  });

  it("an import that is not granted, by name", async () => {
    const wit =
      "world curious { include agent; import wasi:sockets/network@0.2.0; } package wasi:sockets@0.2.0 { interface network { open: func(); } }";
    const core = '(import "wasi:sockets/network@0.2.0" "open" (func))';
    const report = await reportOn(await tinyAgent("{}", { extraImport: { wit, core } }));
    expect(refusal(report)).toContain("static: import-not-granted: the component imports wasi:sockets/network@0.2.0");
  });

  it("bytes that are not those announced", async () => {
    const name = "0".repeat(64);
    await path.upload(await fixture("echo"), name);
    expect(refusal(await path.report({ digest: name }))).toContain(
      `static: digest-mismatch: what is stored as ${name}`,
    );
  });
});

describe("the sandbox refuses an agent", () => {
  it("whose describe traps, with what it threw", async () => {
    const report = await reportOn(await fixture("traps-in-describe"));
    expect(stagesIn(report)).toEqual(["static", "sandbox"]);
    expect(refusal(report)).toMatch(/^sandbox: start-failed: .*who knows/);
  });

  it("whose describe never returns, in time and without leaving a process", async () => {
    const report = await reportOn(await fixture("loops-in-describe"), { limits: impatient });
    expect(refusal(report)).toMatch(/^sandbox: start-timeout: .*(1000|2000) ms/);
    expect(report.sandbox?.durationMs).toBeLessThan(4_000);
    // One spare is kept; the one that looped is gone.
    await expect.poll(() => sandboxesOf(path.validator.pid), { timeout: 5_000 }).toHaveLength(1);
  });
});

describe("the contracts stage refuses an agent", () => {
  it.each([
    ["whose description lacks a field", () => tinyAgent('{"name":"a"}'), "description-invalid", "'version'"],
    ["whose schema is none", () => described({ type: "number-ish" }, [1]), "schema-invalid", "accepts 'order'"],
    [
      "whose example breaks its schema",
      () => described(integer, [{}]),
      "example-invalid",
      "accepts 'order': example 0",
    ],
    [
      "that loops on its example",
      loops,
      "example-failed",
      "example 0 of 'order': the agent did not answer within 300 ms",
    ],
    [
      "that throws on its example",
      () => fixture("throws"),
      "example-failed",
      "trapped on example 0 of 'order': always",
    ],
    [
      "that emits what it did not declare",
      () => fixture("lies"),
      "output-undeclared",
      "output 'rumour' is not declared",
    ],
    ["that eats memory on its example", () => fixture("eats-memory"), "example-failed", "out of memory"],
  ])("%s", async (_, bytes, code, says) => {
    const report = await reportOn(await bytes());
    expect(stagesIn(report)).toEqual(["static", "sandbox", "contracts"]);
    expect(refusal(report)).toMatch(new RegExp(`^contracts: ${code}: `));
    expect(refusal(report)).toContain(says);
  });

  it("that takes memory where no component's limit reaches, and its process is ended for it", async () => {
    // Tables, 80 MB each.
    const tables = Array.from({ length: 24 }, (_, index) => `$t${index}`);
    const core = tables.map((name) => `(table ${name} 0 funcref)`).join("\n");
    const handleBody = tables
      .map((name) => `(drop (table.grow ${name} (ref.null func) (i32.const 10000000)))`)
      .join("\n");
    const accepts = [{ kind: "order", schema: integer, examples: [{ n: 1 }] }];
    const description = JSON.stringify({ name: "tiny", version: "1", accepts, emits: [] });
    const extraImport = { wit: "world curious { include agent; }", core };
    const report = await reportOn(await tinyAgent(description, { handleBody, extraImport }), {
      limits: { ...limits, messageTimeoutMs: 10_000 },
    });
    expect(refusal(report)).toMatch(/^contracts: memory-over-limit: /);
  });

  it("whose output breaks its own schema", async () => {
    const report = await reportOn(await example("refused/breaks-its-contract.js"));
    expect(refusal(report)).toMatch(/^contracts: output-undeclared: .*'level'/);
  });
});

describe("the resources stage refuses an agent", () => {
  it("that takes longer for a message than it may", async () => {
    const report = await reportOn(await fixture("slow"), { limits: { ...limits, p99MaxMs: 5 } });
    expect(refusal(report)).toMatch(/^resources: too-slow: .*the limit is 5 ms/);
    // By its own clock, in whole milliseconds, it takes 40.
    expect(report.resources?.messageP50Ms).toBeGreaterThan(35);
  });

  it("that says more than it may", async () => {
    const report = await reportOn(await fixture("big-output"));
    expect(report.contracts?.passed).toBe(true);
    expect(refusal(report)).toMatch(/^resources: output-too-large: .*262144/);
  });
});

describe("against the live version", () => {
  const live = async (schema: unknown, examples: readonly unknown[]) => ({
    version: "tiny-v1-00000",
    digest: await path.upload(await described(schema, examples)),
  });
  const positive = { ...integer, properties: { n: { type: "integer", minimum: 1 } } };

  it("a narrower schema is a breaking change, shown by a message that would be refused", async () => {
    const request = { live: await live(integer, [{ n: 1 }]) };
    const report = await reportOn(await described(positive, [{ n: 1 }]), request);
    expect(refusal(report)).toMatch(
      /^contracts: breaking-change: live version tiny-v1-00000 .*\{"n":0\} .*must be >= 1/,
    );
    expect(report.contracts?.compatible).toBe("no");
  });

  it("somebody may want it, with a reason that the report carries", async () => {
    const request = { live: await live(integer, [{ n: 1 }]), allowBreaking: "nobody sends zero" };
    const report = await reportOn(await described(positive, [{ n: 1 }]), request);
    expect(report).toMatchObject({ passed: true, contracts: { compatible: "no" } });
    expect(report.contracts?.findings).toMatchObject([
      { severity: "warning", code: "breaking-change", message: expect.stringContaining("nobody sends zero") },
    ]);
  });

  it("a kind that is gone is named", async () => {
    const other = await described(integer, [{ n: 1 }], "wish");
    expect(refusal(await reportOn(other, { live: await live(integer, [{ n: 1 }]) }))).toContain(
      "its example 0 of 'order' (kind 'order' is not accepted; accepted are wish)",
    );
  });

  it("what was sent lately counts, unless the live version refuses it too", async () => {
    const agent = `a${randomUUID().slice(0, 8)}`;
    await ensureAgentStreams(path.bus, agent);
    // Patterns are not compared, so only a message can tell.
    const before = { type: "object", properties: { id: { type: "string", pattern: "^[a-z]+[0-9]*$" } } };
    const after = { type: "object", properties: { id: { type: "string", pattern: "^[a-z]+$" } } };
    const request = { agent, live: await live(before, [{ id: "abc" }]) };
    const send = (body: unknown) =>
      path.bus.store(inboxSubject(agent), encodeJson(body), { headers: { [header.kind]: "order" } });
    await send({ id: "abc" });
    await send({ id: "NEITHER" });
    const harmless = await reportOn(await described(after, [{ id: "abc" }]), request);
    expect(refusal(harmless)).toBe("passed");
    expect(harmless.contracts).toMatchObject({ compatible: "unknown", liveMessages: 2 });
    expect(harmless.contracts?.findings).toMatchObject([{ severity: "info", message: expect.stringContaining("/id") }]);

    await send({ id: "abc1" });
    const broken = await reportOn(await described(after, [{ id: "abc" }]), request);
    expect(refusal(broken)).toMatch(
      /^contracts: breaking-change: .*message 3 of the inbox \(kind 'order': \/id must match/,
    );
    expect(refusal(broken)).not.toContain("message 2");
  });

  it("a live version that is gone keeps nobody out, and the report says so", async () => {
    const request = { live: { version: "gone-v1-00000", digest: "f".repeat(64) } };
    const report = await reportOn(await described(integer, [{ n: 1 }]), request);
    expect(report).toMatchObject({ passed: true, contracts: { compatible: "unknown" } });
    expect(report.contracts?.findings).toMatchObject([{ severity: "warning", code: "unknown-artifact" }]);
  });
});

describe("the service", () => {
  it("says where there is no verdict", async () => {
    expect(await path.ask({ digest: "e".repeat(64) })).toMatchObject({ error: { code: "unknown-artifact" } });
    const answer = await path.bus.request(validateSubject, text("{"), { timeoutMs: 5_000 });
    expect(new TextDecoder().decode(answer.data)).toContain("invalid-argument");
  });

  it("validates two at once, and who asks twice gets one answer", async () => {
    const digest = await path.upload(await fixture("slow"));
    const other = await path.upload(await fixture("echo"));
    const [first, second, third] = await Promise.all([
      path.report({ digest, deployment: "twice" }),
      path.report({ digest, deployment: "twice" }),
      path.report({ digest: other }),
    ]);
    expect(second).toEqual(first);
    expect([refusal(first), refusal(third)]).toEqual(["passed", "passed"]);
  });

  it("leaves no process when it is killed half-way, and the next one goes on with what was prepared", async () => {
    const echo = await path.upload(await fixture("echo"));
    expect((await path.report({ digest: echo })).passed).toBe(true);
    const digest = await path.upload(await fixture("loops-in-describe"));
    const unanswered = path.ask({ digest, limits: { ...limits, startTimeoutMs: 25_000 } }).catch(() => undefined);
    await expect.poll(() => busySandboxOf(path.validator.pid), { timeout: 10_000 }).toBeDefined();
    const children = await sandboxesOf(path.validator.pid);
    await path.validator.kill("SIGKILL");
    await expect.poll(() => children.filter(isAlive), { timeout: 5_000 }).toEqual([]);

    await using next = stopping(await path.start({ CAXTON_VALIDATION_TIMEOUT_MS: "3000" }));
    expect(await path.report({ digest: echo })).toMatchObject({ passed: true, cached: true });
    const late = await path.report({ digest, limits: { ...limits, startTimeoutMs: 25_000 } });
    expect(refusal(late)).toMatch(/^sandbox: validation-timeout: .*3000 ms/);
    void unanswered;

    const cancelled = path.ask({ digest, limits: { ...limits, startTimeoutMs: 24_000 } });
    await expect.poll(() => busySandboxOf(next.pid), { timeout: 10_000 }).toBeDefined();
    const last = await sandboxesOf(next.pid);
    await next.kill("SIGTERM");
    expect(await cancelled).toMatchObject({ error: { code: "service-unavailable" } });
    expect(last.filter(isAlive)).toEqual([]);
  });
});

function stopping(validator: ServiceProcess): AsyncDisposable & ServiceProcess {
  return Object.assign(validator, { [Symbol.asyncDispose]: () => validator.kill("SIGKILL") });
}

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}

/** The children of a process, as /proc lists them, that are sandboxes. */
async function sandboxesOf(parent: number): Promise<readonly number[]> {
  const found: number[] = [];
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const status = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    const command = await readFile(`/proc/${name}/cmdline`, "utf8").catch(() => "");
    if (Number(status.split(") ")[1]?.split(" ")[1]) === parent && command.includes("sandbox-process")) {
      found.push(Number(name));
    }
  }
  return found;
}

/** One that used the processor for a while: the endless loop has begun. */
async function busySandboxOf(parent: number): Promise<number | undefined> {
  for (const pid of await sandboxesOf(parent)) {
    const before = await ticksOf(pid);
    await delay(200);
    if ((await ticksOf(pid)) - before >= 10) return pid;
  }
  return undefined;
}

async function ticksOf(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")).split(") ")[1]?.split(" ") ?? [];
  return Number(fields[11]) + Number(fields[12]);
}
