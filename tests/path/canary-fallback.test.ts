import process from "node:process";
import { decodeJson } from "@caxton/bus/json";
import { defaultLimits } from "@caxton/contracts/limits";
import type { Outcome } from "@caxton/contracts/outcome";
import { header, inFlightSubject } from "@caxton/contracts/subjects";
import { type InFlight, inFlight } from "@caxton/contracts/watched-step";
import { chooseVersion } from "@caxton/deployment/split";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startHotPath, type HotPath } from "../harness/hot-path.ts";

const messageTimeoutMs = 300;
const limits = { ...defaultLimits, messageTimeoutMs };
const stable = "proc-v1-aaaaa";
const canary = "proc-v2-bbbbb";
const share = 0.25;
const count = 400;
const orders = (from = 0): string[] => Array.from({ length: count }, (_, index) => JSON.stringify({ n: from + index }));

let path: HotPath;

beforeAll(async () => {
  path = await startHotPath();
  await path.start("agent-host");
  await path.start("router");
});
afterAll(() => path[Symbol.asyncDispose]());

/** A stable version that is well, and a canary that does to its messages what `configuration` says. */
async function versions(agent: string, configuration: object): Promise<number> {
  await path.deploy(agent, stable, "faulty", { limits });
  const slot = await path.deploy(agent, canary, "faulty", { limits, configuration: JSON.stringify(configuration) });
  return slot.pid ?? 0;
}

function shares(onFailure: "fallback" | "deadletter" = "fallback", revision = 1) {
  const targets = [
    { version: canary, share, messageTimeoutMs, canary: { onFailure } },
    { version: stable, share: 1 - share, messageTimeoutMs },
  ];
  return { revision, targets, closed: [] };
}

const asked = (outcome: Outcome): string =>
  outcome.attempts.map(({ version, result }) => `${version === canary ? "canary" : "stable"} ${result}`).join(", ");

function tally(outcomes: readonly Outcome[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const one of outcomes) counts[asked(one)] = (counts[asked(one)] ?? 0) + 1;
  return counts;
}

describe("a canary that fails on", () => {
  test.each([
    ["throws", { fault: "throw", every: 2 }, "agent-trap"],
    ["refuses", { fault: "refuse", every: 2 }, "agent-failure"],
    ["traps", { fault: "trap", every: 2 }, "agent-trap"],
  ])(
    "half of its messages, by %s, costs none of them: the stable version handles them at once",
    async (name, fault, code) => {
      const agent = `half-${name}`;
      await versions(agent, fault);
      await path.send(agent, orders());
      await path.route(agent, shares());
      const outcomes = await path.outcomes(agent, count);
      const { "canary failed, stable handled": fellBack = 0, "canary handled": handled = 0, ...rest } = tally(outcomes);
      expect(Object.keys(rest)).toEqual(["stable handled"]);
      expect(fellBack).toBeGreaterThan(0);
      expect(handled).toBeGreaterThan(0);
      const failed = outcomes.flatMap(({ attempts }) => attempts.filter(({ result }) => result === "failed"));
      expect(new Set(failed.map((attempt) => attempt.code))).toEqual(new Set([code]));
      expect(outcomes.every(({ result }) => result === "handled")).toBe(true);
    },
  );

  test("all of them, by hanging, has each handled by the stable version after one deadline; the stable one's own are not held up", async () => {
    const agent = "hangs";
    await versions(agent, { fault: "loop" });
    const ages: InFlight[] = [];
    const heard = path.bus.subscribe(
      inFlightSubject(agent),
      ({ data }) => void ages.push(inFlight.check(decodeJson(data))),
    );
    await heard.ready;
    await path.send(agent, orders());
    await path.route(agent, shares());
    const outcomes = await path.outcomes(agent, count);
    heard.close();
    expect(outcomes.every(({ result }) => result === "handled")).toBe(true);
    expect(outcomes.every(({ attempts }) => attempts.filter(({ version }) => version === canary).length <= 1)).toBe(
      true,
    );
    const fellBack = outcomes.filter((one) => asked(one) === "canary failed, stable handled");
    expect(fellBack.length).toBeGreaterThan(2);
    const meant = ({ messageId }: Outcome) => chooseVersion(shares().targets, agent, messageId);
    // Who only waited behind one that hung says so as well.
    const saysCanary = ({ attempts }: Outcome): boolean =>
      attempts.some(({ version, overflowedFrom }) => version === canary || overflowedFrom === canary);
    expect(outcomes.filter((one) => saysCanary(one) !== (meant(one) === canary))).toEqual([]);
    // Not for the deadlines of all that hung before it: a quarter of them would take 30 s.
    const waitsMs = outcomes.map(({ receivedAtMs, decidedAtMs }) => decidedAtMs - receivedAtMs);
    expect(Math.max(...waitsMs)).toBeLessThan(20 * messageTimeoutMs);
    const own = outcomes.filter((one) => meant(one) === stable);
    const middle = (some: readonly Outcome[]): number =>
      some.map(({ decidedAtMs }) => decidedAtMs).toSorted((left, right) => left - right)[some.length >> 1] ?? 0;
    expect(middle(own)).toBeLessThan(middle(fellBack));
    expect(ages.every(({ version, routeRevision }) => version === canary && routeRevision === 1)).toBe(true);
    expect(Math.max(...ages.flatMap(({ agesMs }) => agesMs))).toBeGreaterThan(100);
  });
});

test("a canary whose process is killed amid its messages fails on the one that was first there, and on none of its neighbours", async () => {
  const agent = "killed";
  const pid = await versions(agent, { fault: "slow", ms: 20 });
  const firstAtCanary = path.bus.subscribe(inFlightSubject(agent), ({ data }) => {
    if (inFlight.check(decodeJson(data)).agesMs.length === 0) return;
    firstAtCanary.close();
    process.kill(pid, "SIGKILL");
  });
  await firstAtCanary.ready;
  await path.send(agent, orders());
  await path.route(agent, shares());
  const outcomes = await path.outcomes(agent, count);
  expect(outcomes.every(({ result }) => result === "handled")).toBe(true);
  const crashes = outcomes.filter(({ attempts }) => attempts.some(({ code }) => code === "agent-crash"));
  expect(crashes.map(asked)).toEqual(["canary failed, stable handled"]);
});

test("a message that fails on both is its own fault and ends as a dead letter that names both", async () => {
  const agent = "both";
  await path.deploy(agent, stable, "faulty", { limits, configuration: JSON.stringify({ fault: "refuse", every: 4 }) });
  await path.deploy(agent, canary, "faulty", { limits, configuration: JSON.stringify({ fault: "refuse", every: 2 }) });
  await path.send(agent, orders());
  await path.route(agent, shares());
  const outcomes = await path.outcomes(agent, count);
  const { "canary failed, stable failed": both = 0, "canary failed, stable handled": fellBack = 0 } = tally(outcomes);
  expect(both).toBeGreaterThan(0);
  expect(fellBack).toBeGreaterThan(0);
  const dead = outcomes.filter(({ result }) => result === "dead-lettered");
  expect(dead.length).toBe(count / 4);
  expect(dead.every(({ version }) => version === stable)).toBe(true);
});

test("where dead letters are wanted instead, the canary's failures are dead letters and the stable version is not asked", async () => {
  const agent = "letters";
  await versions(agent, { fault: "refuse", every: 2 });
  await path.send(agent, orders());
  await path.route(agent, shares("deadletter"));
  const outcomes = await path.outcomes(agent, count);
  const dead = outcomes.filter(({ result }) => result === "dead-lettered");
  expect(dead.length).toBeGreaterThan(0);
  expect(dead.every(({ version, attempts }) => version === canary && attempts.length === 1)).toBe(true);
});

test("the share is what was asked for, sticky by conversation, and what the canary has it keeps when its share grows", async () => {
  const agent = "shares";
  await versions(agent, {});
  await path.route(agent, shares());
  const conversations = Array.from({ length: 300 }, (_, n) => `talk-${n}`);
  for (const conversation of conversations) {
    await path.send(agent, [JSON.stringify({ n: 1 }), JSON.stringify({ n: 2 })], {
      [header.conversation]: conversation,
    });
  }
  const first = await path.outcomes(agent, 600);
  const grown = { ...shares("fallback", 2), targets: shares().targets.map((one) => ({ ...one, share: 0.5 })) };
  await path.route(agent, grown);
  const now = (at: number, targets: typeof grown.targets) => chooseVersion(targets, agent, conversations[at] ?? "");
  const wanted = conversations.map((_, at) => now(at, shares().targets));
  const bySequence = first.toSorted((left, right) => left.sequence - right.sequence).map(({ version }) => version);
  expect(bySequence).toEqual(wanted.flatMap((version) => [version, version]));
  const atCanary = wanted.filter((version) => version === canary).length / conversations.length;
  // Four standard deviations of a share of 25 % among 300.
  expect(Math.abs(atCanary - share)).toBeLessThan(4 * Math.sqrt((share * (1 - share)) / conversations.length));
  expect(wanted.every((version, at) => version !== canary || now(at, grown.targets) === canary)).toBe(true);
});
