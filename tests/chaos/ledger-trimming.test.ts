import { connectBus } from "@caxton/bus/connect";
import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { deadLettersAnswer } from "@caxton/contracts/dead-letters";
import { deadLettersSubject } from "@caxton/contracts/subjects";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cluster, startCluster } from "../harness/cluster.ts";
import { leaseHolder } from "../harness/leases.ts";
import { TrimmedAgent, until } from "./trimmed-agent.ts";

const count = 6_000;
const undecided = 5_500;
const relayedTo = 3_000;
const names = ["ledger", "ledger-2"];
const timeout = 120_000;

let cluster: Cluster;
let bus: Bus;

beforeAll(async () => {
  const env = {
    CAXTON_INBOX_RETENTION_MS: "0",
    CAXTON_OUTCOME_RETENTION_MS: "0",
    CAXTON_TRIM_EVERY_MS: "50",
  };
  cluster = await startCluster({ services: ["ledger", "ledger"], env });
  bus = await connectBus({ url: cluster.nats.url, name: "test" });
}, 60_000);
afterAll(async () => {
  await bus.close();
  await cluster.stop();
}, 60_000);

const logs = (): string => cluster.logs();
const untilTrimmed = (agent: TrimmedAgent, beyond: number): Promise<void> =>
  until(`trimming beyond ${beyond}`, logs, async () => (await agent.outcomes()).firstSequence > beyond);

/** What was not done is there, and somebody's account adds up. */
async function expectNothingLost(agent: TrimmedAgent): Promise<void> {
  expect((await agent.inbox()).firstSequence).toBeLessThanOrEqual(undecided);
  expect((await agent.outcomes()).firstSequence).toBeLessThanOrEqual(relayedTo + 1);
  expect(await agent.ledger()).toMatchObject({
    ...agent.rightAccount(count, 1),
    oldestPending: undecided,
    unreadOutcomes: 0,
  });
}

/** Decides and relays the rest, and waits until there is nothing left to trim. */
async function finish(agent: TrimmedAgent): Promise<void> {
  await until("the inbox trimmed", logs, async () => (await agent.inbox()).firstSequence === undecided);
  await untilTrimmed(agent, relayedTo);
  // Its outcome stands last, so those of the messages after it stand one place lower.
  expect(await agent.decide(undecided)).toBe(count);
  await agent.relayTo(count);
  await until("everything trimmed", logs, async () => (await agent.inbox()).messages === 0);
  await until("all outcomes trimmed", logs, async () => (await agent.outcomes()).messages === 0);
}

test(
  "a ledger killed while it trims leaves what was not done, and the next one's account adds up, to the end",
  { timeout },
  async () => {
    const agent = await TrimmedAgent.make(bus, "trimmed");
    await agent.fill(count, undecided, relayedTo);
    for (const step of [500, 1_500, 2_500]) {
      await untilTrimmed(agent, step);
      // Whichever of the two it is that trims now, it goes in the middle of it; the other takes over.
      for (const name of names) {
        await cluster.kill(name);
        await cluster.restart(name);
      }
      await expectNothingLost(agent);
    }
    await finish(agent);
    for (const name of names) {
      await cluster.kill(name);
      await cluster.restart(name);
    }
    expect(await agent.ledger()).toMatchObject({ ...agent.rightAccount(count, 0), unreadOutcomes: 0 });
    const { data } = await bus.request(deadLettersSubject(agent.name), encodeJson({ limit: 1 }), { timeoutMs: 5_000 });
    expect(deadLettersAnswer.check(decodeJson(data))).toMatchObject({ ok: true, total: 0 });
  },
);

test(
  "a ledger frozen while it trims, and continued when another has trimmed on, takes nothing away and puts no older account in the place of a newer",
  { timeout },
  async () => {
    const agent = await TrimmedAgent.make(bus, "frozen");
    await agent.fill(count, undecided, relayedTo);
    await untilTrimmed(agent, 500);
    const key = `ledger.${agent.name}`;
    const frozen = await leaseHolder(bus, key);
    cluster.freeze(frozen);
    const other = await leaseHolder(bus, key, frozen);
    await untilTrimmed(agent, 2_000);
    cluster.thaw(frozen);
    await expectNothingLost(agent);
    // Now it is its turn again, with what it knew when it was frozen.
    await cluster.kill(other);
    expect(await leaseHolder(bus, key, other)).toBe(frozen);
    await finish(agent);
    expect(await agent.ledger()).toMatchObject({ ...agent.rightAccount(count, 0), unreadOutcomes: 0 });
    await cluster.restart(other);
  },
);
