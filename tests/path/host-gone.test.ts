import { defaultLimits } from "@caxton/contracts/limits";
import { expect, test } from "vitest";
import { startHotPath } from "../harness/hot-path.ts";

const version = "slow-v1-aaaaa";
const messages = 60;
/** A request that nobody answers is given up after 17 s at a message timeout of 1 s. */
const soonerMs = 12_000;

test("what the instances of a killed host had is answered, and nobody waits for the end of its time", async () => {
  await using path = await startHotPath();
  const [killed] = [await path.start("agent-host"), await path.start("agent-host"), await path.start("router")];
  await path.deploy("slow", version, "slow", { instances: 2, limits: { ...defaultLimits, messageTimeoutMs: 1_000 } });
  await path.route("slow", { revision: 1, targets: [{ version, share: 1, messageTimeoutMs: 1_000 }], closed: [] });
  await path.send(
    "slow",
    Array.from({ length: messages }, (_, n) => JSON.stringify({ n })),
  );
  await path.outcomes("slow", 20);
  const killedAtMs = Date.now();
  await killed?.kill("SIGKILL");
  const outcomes = await path.outcomes("slow", messages);
  expect(new Set(outcomes.map(({ result }) => result))).toEqual(new Set(["handled"]));
  const waitedMs = Math.max(...outcomes.map(({ decidedAtMs }) => decidedAtMs)) - killedAtMs;
  expect(waitedMs).toBeLessThan(soonerMs);
}, 60_000);
