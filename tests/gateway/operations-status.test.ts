import { ensureAgentStreams } from "@caxton/bus/agent-streams";
import { encodeJson } from "@caxton/bus/json";
import type { ServicePresence, SlotStatus, VersionSpec } from "@caxton/contracts/placement";
import { slotTtlMs } from "@caxton/contracts/placement";
import {
  inboxSubject,
  routerConsumer,
  serviceBucket,
  slotBucket,
  slotKey,
  versionBucket,
  versionKey,
  inboxStream,
} from "@caxton/contracts/subjects";
import { type SystemStatus, systemStatus } from "@caxton/contracts/system-status";
import { presenceTtlMs } from "../../libs/service/src/presence.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { historyOf, rolledOut } from "./deployment-history.ts";
import { type GatewayUnderTest, startGatewayUnderTest } from "./gateway-harness.ts";

const version = "proc-v1-0aaaa";
const limits = { memoryMaxBytes: 65_536, messageTimeoutMs: 1, startTimeoutMs: 100, outputMaxBytes: 1, p99MaxMs: 1 };
const spec: VersionSpec = {
  agent: "proc",
  version,
  deployment: "d",
  digest: "x",
  configuration: "{}",
  limits,
  instances: 2,
  concurrency: 1,
  desired: "running",
};
const router: ServicePresence = { kind: "router", id: "router-1", pid: 12, startedAtMs: 1 };

let under: GatewayUnderTest;
beforeAll(async () => {
  under = await startGatewayUnderTest();
});
afterAll(() => under[Symbol.asyncDispose]());

const status = async (): Promise<SystemStatus> => systemStatus.check((await under.operations.getStatus({})).status);

test("with nothing at all says which services are missing", async () => {
  const { services, agents, findings } = await status();
  expect({ services, agents }).toEqual({ services: [], agents: [] });
  expect(findings.map(({ check, result }) => `${result} ${check}`)).toEqual(Array(8).fill("problem services"));
});

test("counts what waits, what routers hold, and what runs of a version", async () => {
  const { bus } = under;
  await under.append("proc", historyOf(rolledOut("proc", "0190a000-0000-7000-8000-00000000aaaa")));
  const epoch = await ensureAgentStreams(bus, "proc");
  for (const body of ["a", "b", "c"]) await bus.store(inboxSubject("proc"), encodeJson(body));
  const shared = { stream: inboxStream("proc"), durable: routerConsumer(epoch), ackWaitMs: 30_000, maxAckPending: 10 };
  const consumer = await bus.streams.consumer(shared);
  for await (const delivery of consumer.fetch({ maxMessages: 2, expiresMs: 1_000 }))
    if (delivery.sequence === 1) await delivery.ack();
  const services = await bus.kv(serviceBucket, { ttlMs: presenceTtlMs });
  await services.put("router.router-1", encodeJson(router));
  await (await bus.kv(versionBucket)).put(versionKey("proc", version), encodeJson(spec));
  const slots = await bus.kv(slotBucket, { ttlMs: slotTtlMs });
  const failed: SlotStatus = { host: "h", instance: "i", state: "failed", restarts: 3, reason: "describe() trapped" };
  await slots.put(slotKey("proc", version, 0), encodeJson({ ...failed, state: "ready" }));
  await slots.put(slotKey("proc", version, 1), encodeJson(failed));

  const { services: shown, agents, findings } = await status();
  expect(shown).toEqual([router]);
  expect(agents).toMatchObject([
    {
      agent: "proc",
      activeVersion: version,
      inbox: { epoch, messages: 3, lastSequence: 3, waiting: 2, inFlight: 1 },
      versions: [{ version, share: 1, wanted: 2, ready: 1, failed: 1, reason: "describe() trapped" }],
    },
  ]);
  expect(agents[0]?.inbox?.oldestWaitingMs).toBeGreaterThanOrEqual(0);
  expect(findings.find(({ check }) => check === "instances")).toMatchObject({
    agent: "proc",
    result: "warning",
    seen: `1 of 2 instances of ${version} are ready (describe() trapped)`,
  });
});
