import { fork } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { prepareComponent } from "@caxton/wasm-agent/prepare";
import type { AgentAnswer } from "@caxton/wasm-agent/runner-protocol";
import type { Runner } from "@caxton/wasm-agent/runner";
import { closeToolchain } from "@caxton/wasm-agent/toolchain";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { manyLargeOutputs, tinyAgent } from "../fixtures/wat-components.ts";
import { fixtureBytes, mebibyte, sha256, start, temporaryFolder } from "./agent-harness.ts";

const messageTimeoutMs = 300;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let moody: Runner;

beforeAll(async () => {
  folder = await temporaryFolder();
  moody = await start(await fixtureBytes("moody"), folder.path, { messageTimeoutMs });
});
afterAll(async () => {
  await moody.close();
  closeToolchain();
  await folder.remove();
});

type Wish = string | { readonly wish: string; readonly [field: string]: unknown };

function ask(
  runner: Runner,
  wishes: readonly Wish[],
  budgetMs = 5_000,
  more: { readonly endsWithTimeout?: boolean } = {},
): Promise<readonly AgentAnswer[]> {
  const messages = wishes.map((wish, index) => ({
    id: `m${index}`,
    body: JSON.stringify(typeof wish === "string" ? { wish } : wish),
  }));
  return runner.handleBatch(messages, { budgetMs, ...more });
}

/** Of this process' threads, as in proc(5): the 19th field of `stat`. */
async function largestNiceness(): Promise<number> {
  const threads = await readdir("/proc/self/task");
  const stats = threads.map((thread) => readFile(`/proc/self/task/${thread}/stat`, "utf8").catch(() => ""));
  const fields = (await Promise.all(stats)).map((stat) => stat.slice(stat.lastIndexOf(")") + 2).split(" "));
  return Math.max(...fields.map((after) => Number(after[16] ?? 0)));
}

const outcome = (answer: AgentAnswer) => (answer.result === "failed" ? answer.code : answer.result);

describe("a runner", () => {
  it("gives the agent message and configuration, and its answers come in order with their latency", async () => {
    const runner = await start(await fixtureBytes("echo"), folder.path, { configuration: '{"limit":3}' });
    const messages = [1, 2].map((n) => ({ id: `id-${n}`, body: JSON.stringify({ n }) }));
    const answers = await runner.handleBatch(messages, { budgetMs: 1_000 });
    await runner.close();
    for (const [index, answer] of answers.entries()) {
      expect(answer).toMatchObject({ result: "handled", latencyMs: expect.any(Number) });
      if (answer.result !== "handled") continue;
      expect(answer.latencyMs).toBeGreaterThan(0);
      expect(JSON.parse(answer.outputs[0]?.body ?? "")).toEqual({
        n: index + 1,
        id: `id-${index + 1}`,
        kind: "order",
        configuration: { limit: 3 },
      });
    }
  });

  it.each([
    ["throw", "agent-trap", "boom"],
    ["trap", "agent-trap", "wasm trap"],
    ["eat-memory", "agent-trap", "out of memory"],
    ["refuse", "agent-failure", "never"],
    ["undeclared", "output-undeclared", "'secret' is not declared"],
    ["undeclared-target", "output-undeclared", "'note to elsewhere' is not declared"],
    ["broken-schema", "output-undeclared", "required property 'wish'"],
    ["not-json", "output-undeclared", "not JSON"],
    ["big-output", "output-too-large", "262144"],
    ["not-a-list", "agent-trap", "expected array"],
  ])("that is asked to %s fails with %s, and its neighbours do not", async (wish, code, reason) => {
    const answers = await ask(moody, ["reply", wish, "note"]);
    expect(answers.map(outcome)).toEqual(["handled", code, "handled"]);
    expect(answers[1]).toMatchObject({ reason: expect.stringContaining(reason), retry: false });
  });

  it("passes on that an agent wants to be asked again", async () => {
    expect(await ask(moody, ["retry"])).toMatchObject([
      { result: "failed", code: "agent-failure", reason: "not now", retry: true },
    ]);
  });

  it.each([
    ["text that is no JSON", "{", "is not JSON"],
    ["a value that breaks the schema", "[1]", "must be object"],
  ])("does not give the agent %s", async (_, body, reason) => {
    const answers = await moody.handleBatch([{ id: "x", body }], { budgetMs: 1_000 });
    expect(answers).toMatchObject([{ code: "message-invalid", reason: expect.stringContaining(reason) }]);
  });

  it("does not give the agent a kind it does not accept", async () => {
    const answers = await moody.handleBatch([{ id: "x", kind: "rumour", body: "{}" }], { budgetMs: 1_000 });
    expect(answers).toMatchObject([{ code: "message-invalid", reason: expect.stringContaining("accepted are wish") }]);
  });

  it("ends an endless loop at its deadline and answers its neighbours all the same", async () => {
    const startedMs = performance.now();
    const answers = await ask(moody, ["reply", "loop", "reply", "note"]);
    const tookMs = performance.now() - startedMs;
    expect(answers.map(outcome)).toEqual(["handled", "agent-timeout", "handled", "handled"]);
    expect(tookMs).toBeGreaterThanOrEqual(messageTimeoutMs);
    // The neighbours wait for a fresh thread: 150 ms on a machine with nothing else to do.
    expect(tookMs).toBeLessThan(messageTimeoutMs + 3_000);
  });

  it("ends the batch with a message that hung, where that is asked for: nobody waits for what may hang as well", async () => {
    const answers = await ask(moody, ["reply", "loop", "loop", "note"], 5_000, { endsWithTimeout: true });
    expect(answers.map(outcome)).toEqual(["handled", "agent-timeout", "unfinished", "unfinished"]);
  });

  it("answers at the deadline, not at the end of the budget, when nothing else is in the batch", async () => {
    await ask(moody, ["reply"]);
    const startedMs = performance.now();
    expect((await ask(moody, ["loop"])).map(outcome)).toEqual(["agent-timeout"]);
    expect(performance.now() - startedMs).toBeLessThan(2_500);
  });

  it.skipIf(process.platform !== "linux")(
    "leaves the processor to others while a message takes long and after one that hung, until it answers again",
    async () => {
      await ask(moody, ["reply"]);
      expect(await largestNiceness()).toBe(0);
      const runner = await start(await fixtureBytes("moody"), folder.path, { messageTimeoutMs });
      const hanging = ask(runner, ["loop", "loop"], 20_000);
      await expect.poll(largestNiceness, { timeout: 15_000 }).toBe(10);
      expect((await hanging).map(outcome)).toEqual(Array(2).fill("agent-timeout"));
      expect((await ask(runner, ["reply"])).map(outcome)).toEqual(["handled"]);
      await expect.poll(largestNiceness, { timeout: 15_000 }).toBe(0);
      expect((await ask(runner, ["reply"])).map(outcome)).toEqual(["handled"]);
      await runner.close();
    },
  );

  it("blames nobody when the budget of the whole batch is over", async () => {
    await ask(moody, ["reply"]);
    const slow = { wish: "slow", ms: 120 };
    const startedMs = performance.now();
    const answers = await ask(moody, ["reply", slow, slow, slow], 200);
    expect(performance.now() - startedMs).toBeLessThan(2_500);
    expect(answers.map(outcome)).toEqual(["handled", "handled", "unfinished", "unfinished"]);
  });

  it("bounds what an agent may log, and says how much it dropped", async () => {
    const lines: string[] = [];
    const runner = await start(await fixtureBytes("moody"), folder.path, {
      onLog: (some) => lines.push(...some.map((line) => `${line.messageId}: ${line.text}`)),
    });
    await ask(runner, [{ wish: "log", lines: 1_000 }]);
    await runner.close();
    expect(lines[0]).toBe("m0: line 0");
    expect(lines).toHaveLength(101);
    expect(lines.at(-1)).toContain("900 more lines were dropped");
  });

  it("replaces its instance every so often without anybody noticing", async () => {
    const runner = await start(await fixtureBytes("moody"), folder.path, { recycleAfterMessages: 10 });
    const answers = await ask(
      runner,
      Array.from({ length: 95 }, () => "reply"),
    );
    await runner.close();
    expect(new Set(answers.map(outcome))).toEqual(new Set(["handled"]));
  });
});

describe("a component that returns far more than its own memory holds", () => {
  const kind = (name: string) => ({ kind: name, schema: true });
  const description = { name: "tiny", version: "1", accepts: [{ ...kind("k"), examples: [1] }], emits: [kind("k")] };

  it("is stopped before the host has copied it all", async () => {
    const handleBody = manyLargeOutputs(4_096);
    const bytes = await tinyAgent(JSON.stringify(description), { handleBody, memoryPages: 40 });
    const runner = await start(bytes, folder.path, { messageTimeoutMs: 2_000 });
    const answers = await runner.handleBatch([{ id: "x", body: "1" }], { budgetMs: 3_000 });
    expect(answers).toMatchObject([{ code: "output-too-large", reason: expect.stringContaining("16777216") }]);
    expect((await ask(moody, ["reply"])).map(outcome)).toEqual(["handled"]);
    await runner.close();
  });
});

describe("starting a runner", () => {
  it.each([
    // Twice that where the machine gave it no processor.
    ["loops-in-describe", "start-timeout", /within (1500|3000) ms/],
    ["traps-in-describe", "start-failed", /who knows/],
    ["describes-an-object", "start-failed", /describe\(\) must return JSON text/],
  ])("fails for %s with %s", async (fixture, code, reason) => {
    const bytes = await fixtureBytes(fixture);
    await expect(start(bytes, folder.path, { startTimeoutMs: 1_500, contract: false })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(reason),
    });
  });

  it.each([
    ["echo", /^started$/],
    ["loops-in-describe", /^start-timeout: .* within 5000 ms; in the first half of them this machine gave it \d+ ms/],
  ])("gives %s its time again, once, where the machine had none for it", async (fixture, end) => {
    const bytes = await fixtureBytes(fixture);
    const prepared = { bytes, digest: sha256(bytes), cacheDir: folder.path, memoryMaxBytes: 32 * mebibyte };
    const { folder: preparedDir } = await prepareComponent(prepared);
    const child = fork(new URL("./starved-program.ts", import.meta.url), [preparedDir, "2500"]);
    const said = once(child, "message");
    while (!(await isStopped(child.pid ?? 0))) await delay(10);
    // What it was given has run out by then.
    await delay(2_700);
    child.kill("SIGCONT");
    expect((await said)[0]).toMatch(end);
  });

  it.each([
    ["bad-description", "description-invalid", "must have required property 'version'"],
    ["bad-schema", "schema-invalid", "accepts 'order'"],
    ["bad-example", "example-invalid", "example 0: the value must have required property 'n'"],
  ])("%s starts, but its contract is refused with %s", async (fixture, code, reason) => {
    const runner = await start(await fixtureBytes(fixture), folder.path, { contract: false });
    await expect(runner.loadContract()).rejects.toMatchObject({ code, message: expect.stringContaining(reason) });
    await runner.close();
  });

  it("fails where nothing is prepared", async () => {
    await expect(
      import("@caxton/wasm-agent/runner").then(({ startRunner }) =>
        startRunner({
          preparedDir: `${folder.path}/nothing`,
          configuration: "{}",
          messageTimeoutMs: 1,
          startTimeoutMs: 1,
          outputMaxBytes: 1,
        }),
      ),
    ).rejects.toMatchObject({ code: "start-failed" });
  });
});

async function isStopped(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")")).startsWith(") T");
}
