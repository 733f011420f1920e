import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureAgentStreams } from "@caxton/bus/agent-streams";
import { inboxStream } from "@caxton/contracts/subjects";
import { afterAll, beforeAll, expect, it } from "vitest";
import { historyOf, rolledOut } from "../gateway/deployment-history.ts";
import { type GatewayUnderTest, startGatewayUnderTest } from "../gateway/gateway-harness.ts";
import { ended, startCaxton } from "./caxton-program.ts";

const agent = "proc";
const many = 40_000;

let cwd: string;
let under: GatewayUnderTest;

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), "caxton-send-"));
  writeFileSync(join(cwd, "many.jsonl"), Array.from({ length: many }, (_, n) => `{"n":${n}}\n`).join(""));
  under = await startGatewayUnderTest();
  await ensureAgentStreams(under.bus, agent);
  await under.append(agent, historyOf(rolledOut(agent, "0190a000-0000-7000-8000-00000000aaaa")));
});
afterAll(async () => {
  await under[Symbol.asyncDispose]();
  rmSync(cwd, { recursive: true });
});

it("goes on sending when nats-server was killed in the middle, three times, each message once", async () => {
  const { bus, nats, gateway } = under;
  const sending = ended(startCaxton(["send", agent, "many.jsonl"], { cwd, gateway: gateway.httpUrl }));
  const stored = async (): Promise<number> => (await bus.streams.info(inboxStream(agent)))?.lastSequence ?? 0;
  for (const begun of [2_000, 12_000, 24_000]) {
    await expect.poll(stored, { timeout: 20_000, interval: 5 }).toBeGreaterThan(begun);
    expect(await stored()).toBeLessThan(many);
    await nats.kill();
    await nats.restart();
  }
  const { exitCode, stdout, stderr } = await sending;
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(stdout).toMatch(/^✓ 40,000 messages accepted \(sequences 1 to 40,000\)\n$/);
  const bodies = new Set<string>();
  for await (const { data } of bus.streams.read(inboxStream(agent))) bodies.add(Buffer.from(data).toString());
  expect([await stored(), bodies.size]).toEqual([many, many]);
});
