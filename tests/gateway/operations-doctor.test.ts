import { ensureAgentStreams } from "@caxton/bus/agent-streams";
import { encodeJson } from "@caxton/bus/json";
import { ensureSystemStreams } from "@caxton/bus/system-streams";
import { inboxStream, relayBucket, routeBucket, versionBucket } from "@caxton/contracts/subjects";
import { afterAll, beforeAll, expect, test } from "vitest";
import { historyOf, rolledOut } from "./deployment-history.ts";
import { type GatewayUnderTest, startGatewayUnderTest } from "./gateway-harness.ts";

let under: GatewayUnderTest;
beforeAll(async () => {
  under = await startGatewayUnderTest();
  await ensureSystemStreams(under.bus);
  await under.append("proc", historyOf(rolledOut("proc", "0190a000-0000-7000-8000-00000000aaaa")));
  await ensureAgentStreams(under.bus, "proc");
});
afterAll(() => under[Symbol.asyncDispose]());

async function found(check: string): Promise<readonly string[]> {
  const { findings } = await under.operations.diagnose({});
  return findings.filter((finding) => finding.check === check).map(({ result, seen }) => `${result} ${seen}`);
}

test("on a real server sees its version, its clock, its store and all streams", async () => {
  expect(await found("nats-server")).toEqual([expect.stringMatching(/^ok nats-server \d+\.\d+\.\d+/)]);
  expect(await found("fsync")).toEqual([expect.stringMatching(/^warning /)]);
  expect(await found("jetstream")).toEqual([expect.stringMatching(/^ok \d+ streams/)]);
  expect(await found("room")).toEqual([expect.stringMatching(/^ok \d\.\d GiB are set aside for streams/)]);
  expect(await found("clock")).toEqual([expect.stringMatching(/^ok nats-server's clock is \d+ ms/)]);
  expect(await found("event store")).toEqual([expect.stringMatching(/^ok a read takes/)]);
  expect(await found("streams")).toEqual(["ok 7 streams as they should be"]);
});

test("sees an inbox that was changed behind our back", async () => {
  const name = inboxStream("proc");
  const spec = (await under.bus.streams.info(name))?.spec;
  if (spec === undefined) throw new Error(`no ${name}`);
  await under.bus.streams.ensure({ ...spec, discard: "old", maxAgeMs: 86_400_000 });
  expect(await found("streams")).toEqual([
    expect.stringContaining("problem CAXTON_INBOX_proc discards 'old'"),
    expect.stringContaining("problem CAXTON_INBOX_proc keeps 1 days"),
  ]);
});

test("sees entries of what nobody knows, and what it cannot read", async () => {
  const route = { agent: "stranger", revision: 1, targets: [], closed: [] };
  await (await under.bus.kv(routeBucket)).put("stranger", encodeJson(route));
  const checkpoint = { outcomeEpochMs: 1, outcomeSequence: 0 };
  await (await under.bus.kv(relayBucket)).put("stranger.outbox", encodeJson(checkpoint));
  await (await under.bus.kv(versionBucket)).put("proc.v9", encodeJson({ of: "another release" }));
  expect(await found("keys")).toEqual([
    expect.stringContaining("caxton-routes has stranger"),
    expect.stringContaining("caxton-relay has stranger.outbox"),
    expect.stringContaining("problem caxton-versions proc.v9 cannot be read"),
  ]);
});
