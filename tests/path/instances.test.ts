import { setTimeout as delay } from "node:timers/promises";
import { decodeJson } from "@caxton/bus/json";
import { SlotStatus, slotTtlMs } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import { serviceBucket, slotBucket, slotKey } from "@caxton/contracts/subjects";
import { expect, test } from "vitest";
import { type HotPath, startHotPath } from "../harness/hot-path.ts";

const version = "echo-v1-aaaaa";
const slotStatus = checker("slot status", SlotStatus);

async function readySlots({ bus }: HotPath, indexes: readonly number[]): Promise<readonly SlotStatus[]> {
  const bucket = await bus.kv(slotBucket, { ttlMs: slotTtlMs });
  const entries = await Promise.all(indexes.map((index) => bucket.get(slotKey("echo", version, index))));
  const slots = entries.flatMap((entry) => (entry === undefined ? [] : [slotStatus.check(decodeJson(entry.value))]));
  return slots.filter(({ state }) => state === "ready");
}

async function untilTwoHosts({ bus }: HotPath): Promise<void> {
  const bucket = await bus.kv(serviceBucket, { ttlMs: 3_000 });
  while ((await bucket.keys("agent-host.*")).length < 2) await delay(50);
}

/** Resolves with the hosts of the four slots once they are as wanted. */
async function hostsOnce(path: HotPath, wanted: (hosts: readonly string[]) => boolean): Promise<readonly string[]> {
  for (;;) {
    const hosts = (await readySlots(path, [0, 1, 2, 3])).map(({ host }) => host).toSorted();
    if (hosts.length === 4 && wanted(hosts)) return hosts;
    await delay(50);
  }
}

test(
  "four instances spread over two hosts, move to the one that stays, and do not move back",
  { timeout: 180_000 },
  async () => {
    await using path = await startHotPath();
    await path.start("router");
    const first = await path.start("agent-host");
    await path.start("agent-host");
    await untilTwoHosts(path);
    await path.deploy("echo", version, "echo", { instances: 4, concurrency: 2 });
    const hosts = await hostsOnce(path, () => true);
    const named = hosts.map((host) => host.replace(/\.[^.]*$/, ""));
    expect(named).toEqual(["agent-host-1", "agent-host-1", "agent-host-2", "agent-host-2"]);

    await path.route("echo", { revision: 1, targets: [{ version, share: 1, messageTimeoutMs: 300 }], closed: [] });
    const bodies = (from: number) => Array.from({ length: 500 }, (_, n) => JSON.stringify({ n: from + n }));
    await path.send("echo", bodies(0));
    await first.kill("SIGKILL");
    await path.send("echo", bodies(500));
    const [, , left = ""] = hosts;
    expect(await hostsOnce(path, (now) => now.every((host) => host === left))).toHaveLength(4);
    const outcomes = await path.outcomes("echo", 1_000);
    expect(new Set(outcomes.map(({ result }) => result))).toEqual(new Set(["handled"]));

    // A host that comes back takes nothing that runs.
    const instances = (await readySlots(path, [0, 1, 2, 3])).map(({ instance }) => instance);
    await path.start("agent-host");
    await untilTwoHosts(path);
    // Long enough for what a host leaves to others and for its next look.
    await delay(2_000);
    expect((await readySlots(path, [0, 1, 2, 3])).map(({ instance }) => instance)).toEqual(instances);
  },
);
