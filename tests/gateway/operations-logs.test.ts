import { encodeJson } from "@caxton/bus/json";
import { systemStreams } from "@caxton/contracts/system-streams";
import type { AgentLogBatch } from "@caxton/contracts/agent-log";
import { logStream, logSubject } from "@caxton/contracts/subjects";
import { ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { historyOf, rolledOut } from "./deployment-history.ts";
import { type GatewayUnderTest, startGatewayUnderTest } from "./gateway-harness.ts";

const v1 = "proc-v1-0aaaa";
const v2 = "proc-v2-0bbbb";

describe("what agents log", () => {
  let under: GatewayUnderTest;
  let nowMs: number;

  async function publish(version: string, lines: AgentLogBatch["lines"], agent = "proc"): Promise<void> {
    const batch: AgentLogBatch = { agent, version, instance: "i1", source: "agent", lines };
    await under.bus.store(logSubject(agent, version), encodeJson(batch));
  }
  async function texts(request: Parameters<GatewayUnderTest["operations"]["readLogs"]>[0]): Promise<readonly string[]> {
    const entries = await Array.fromAsync(under.operations.readLogs({ agent: "proc", ...request }));
    return entries.map(({ text }) => text);
  }

  beforeAll(async () => {
    under = await startGatewayUnderTest();
    await under.append("proc", historyOf(rolledOut("proc", "0190a000-0000-7000-8000-00000000aaaa")));
  });
  afterAll(() => under[Symbol.asyncDispose]());

  test("is nothing before anything was logged, and no error", async () => {
    expect(await texts({})).toEqual([]);
  });

  test("is read back by version, level, message, time and number, in order", async () => {
    for (const spec of systemStreams.filter(({ name }) => name === logStream)) await under.bus.streams.ensure(spec);
    nowMs = Date.now();
    await publish(v1, [{ atMs: nowMs - 600_000, level: "info", text: "old" }]);
    await publish(v1, [
      { atMs: nowMs, level: "debug", text: "one", messageId: "m1" },
      { atMs: nowMs, level: "error", text: "two", messageId: "m2" },
    ]);
    await publish("other-v1-0cccc", [{ atMs: nowMs, level: "info", text: "another agent's" }], "other");
    await publish(v2, [{ atMs: nowMs, level: "warn", text: "three", messageId: "m1" }]);
    await under.bus.store(logSubject("proc", v2), encodeJson({ not: "a batch" }));

    expect(await texts({})).toEqual(["old", "one", "two", "three"]);
    expect(await texts({ limit: 2 })).toEqual(["two", "three"]);
    expect(await texts({ version: "proc-v1" })).toEqual(["old", "one", "two"]);
    expect(await texts({ level: "warn" })).toEqual(["two", "three"]);
    expect(await texts({ messageId: "m1" })).toEqual(["one", "three"]);
    expect(await texts({ since: { seconds: BigInt(Math.floor(nowMs / 1_000) - 1) } })).toEqual(["one", "two", "three"]);
  });

  test("is followed until the client leaves, and gone on with after a position", async () => {
    const leave = new AbortController();
    const request = { agent: "proc", follow: true, limit: 1 };
    const seen: string[] = [];
    let position = 0;
    const following = (async () => {
      for await (const entry of under.operations.readLogs(request, { signal: leave.signal })) {
        seen.push(entry.text);
        position = entry.position;
        if (seen.length === 1) await publish(v2, [{ atMs: nowMs, level: "info", text: "later" }]);
        else leave.abort();
      }
    })();
    await expect(following).rejects.toThrow("aborted");
    expect(seen).toEqual(["three", "later"]);
    await publish(v2, [{ atMs: nowMs, level: "info", text: "last" }]);
    expect(await texts({ afterPosition: position })).toEqual(["last"]);
  });

  test.each([
    [{ level: "loud" }, "invalid-argument"],
    [{ limit: -1 }, "invalid-argument"],
    [{ agent: "nobody" }, "unknown-agent"],
  ])("refuses %j with %s", async (request, code) => {
    const refused = await texts(request).then(
      () => expect.fail("it was not refused"),
      (error: unknown) => ConnectError.from(error),
    );
    expect(refused.metadata.get("caxton-code")).toBe(code);
  });
});
