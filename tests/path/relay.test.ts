import { setTimeout as delay } from "node:timers/promises";
import { ensureAgentStreams } from "@caxton/bus/agent-streams";
import { decodeLease } from "@caxton/bus/lease";
import { header, inboxStream, leaseBucket } from "@caxton/contracts/subjects";
import { expect, test } from "vitest";
import { type HotPath, startHotPath } from "../harness/hot-path.ts";

const relayLeaseTtlMs = 1_500;
const target = (version: string) => [{ version, share: 1, messageTimeoutMs: 300 }];
const version = "echo-v1-aaaaa";
const orders = (count: number): string[] => Array.from({ length: count }, (_, n) => JSON.stringify({ n }));

async function relayHolder({ bus }: HotPath, agent: string, not = ""): Promise<string> {
  const leases = await bus.kv(leaseBucket, { ttlMs: relayLeaseTtlMs });
  for (;;) {
    const entry = await leases.get(`relay.${agent}`);
    const holder = entry === undefined ? not : decodeLease(entry).holder;
    if (holder !== not) return holder;
    await delay(20);
  }
}

test.each(["SIGTERM", "SIGKILL", "SIGSTOP"] as const)(
  "a router that gets %s amid the flow costs no outcome and doubles no output",
  async (signal) => {
    await using path = await startHotPath();
    const env = { CAXTON_ACK_WAIT_MS: "2000" };
    await path.start("agent-host");
    const routers = new Map([
      ["router-1", await path.start("router", env)],
      ["router-2", await path.start("router", env)],
    ]);
    await path.deploy("echo", version, "echo");
    await path.route("echo", { revision: 1, targets: target(version), closed: [] });
    const sending = path.send("echo", orders(6_000));
    const holder = await relayHolder(path, "echo");
    await path.outbox("echo", 500);
    routers.get(holder)?.signal(signal);
    const next = await relayHolder(path, "echo", holder);
    await sending;
    if (signal === "SIGSTOP") routers.get(holder)?.signal("SIGCONT");
    expect(next).not.toBe(holder);

    const outcomes = await path.outcomes("echo", 6_000);
    const outputs = await path.outbox("echo", 6_000);
    expect(new Set(outcomes.map(({ sequence }) => sequence)).size).toBe(6_000);
    const expected = outcomes.map(({ epoch, sequence }) => `echo/${epoch}/${sequence}/0`);
    expect(outputs.map(({ headers }) => headers[header.output])).toEqual(expected);
    // Whoever thawed has had its say by now, and nothing came after.
    await delay(500);
    expect((await path.bus.streams.info("CAXTON_OUTBOX_echo"))?.messages).toBe(6_000);
  },
);

test("an unknown target holds back only what is for it; later it gets each output once", async () => {
  await using path = await startHotPath();
  await path.start("agent-host");
  const router = await path.start("router");
  await path.deploy("moody", "moody-v1-aaaaa", "moody");
  await path.route("moody", { revision: 1, targets: target("moody-v1-aaaaa"), closed: [] });
  const wishes = Array.from({ length: 200 }, (_, n) => JSON.stringify({ wish: n % 2 === 0 ? "reply" : "note" }));
  await path.send("moody", wishes);
  expect(await path.outbox("moody", 100)).toHaveLength(100);
  expect(path.logs()).toContain("archive has no inbox");

  await ensureAgentStreams(path.bus, "archive");
  await router.kill("SIGKILL");
  await path.start("router");
  const ids = new Set<string | undefined>();
  for await (const message of path.bus.streams.follow(inboxStream("archive"))) {
    expect(message.headers[header.hops]).toBe("1");
    ids.add(message.headers[header.output]);
    if (ids.size === 100) break;
  }
  await delay(500);
  expect((await path.bus.streams.info(inboxStream("archive")))?.messages).toBe(100);
});
