import { defaultLimits } from "@caxton/contracts/limits";
import type { LaneStatus } from "@caxton/contracts/lane-status";
import { header } from "@caxton/contracts/subjects";
import { expect, test } from "vitest";
import { startHotPath, type HotPath } from "../harness/hot-path.ts";
import { routerLanes } from "../harness/router-lanes.ts";

/** Longer than any test here: what hangs does so to the end. */
const messageTimeoutMs = 60_000;
const hangs = { limits: { ...defaultLimits, messageTimeoutMs } };
const orders = (count: number): string[] => Array.from({ length: count }, (_, n) => JSON.stringify({ n }));
const target = (version: string, share = 1) => ({ version, share, messageTimeoutMs });
const route = (...targets: ReturnType<typeof target>[]) => ({ revision: 1, targets, closed: [] });

/** Ends at once, whatever hangs: a router and a host would wait for it. */
async function startPath(): Promise<HotPath> {
  const path = await startHotPath();
  const services = [await path.start("agent-host"), await path.start("router")];
  const dispose = path[Symbol.asyncDispose].bind(path);
  return {
    ...path,
    async [Symbol.asyncDispose]() {
      await Promise.all(services.map((service) => service.kill("SIGKILL")));
      await dispose();
    },
  };
}

/** What the router says it does for an agent, as soon as it is `wanted`. */
async function laneOf(path: HotPath, agent: string, wanted: (status: LaneStatus) => boolean): Promise<LaneStatus> {
  const [status] = await routerLanes(path.bus, agent, 1, wanted);
  if (status === undefined) throw new Error(`no router says anything of ${agent}`);
  return status;
}

test("a version that hangs holds its cap and no more: the other half of the route, and what is over, flows", async () => {
  await using path = await startPath();
  const [good, hung] = ["echo-v1-aaaaa", "loops-v2-bbbbb"];
  await path.deploy("echo", good, "echo");
  await path.deploy("echo", hung, "loops", hangs);
  await path.send("echo", orders(3_000));
  await path.route("echo", route(target(hung, 0.5), target(good, 0.5)));

  const cap = 768;
  const outcomes = await path.outcomes("echo", 3_000 - cap);
  expect(new Set(outcomes.map((one) => `${one.result} ${one.version}`))).toEqual(new Set([`handled ${good}`]));
  const overflowed = outcomes.filter(({ attempts }) => attempts[0]?.overflowedFrom === hung);
  expect(overflowed.length).toBeGreaterThan(0);
  // What was said amid the flow may add up to the same.
  const isSettled = ({ held, versions }: LaneStatus): boolean =>
    held === cap && versions.every((one) => one.version === hung || one.held === 0);
  const status = await laneOf(path, "echo", isSettled);
  expect(status).toMatchObject({ state: "pulling", routeRevision: 1 });
  expect(status.versions).toMatchObject([
    { version: hung, held: cap, overflowed: overflowed.length },
    { version: good, available: true, held: 0, overflowed: 0 },
  ]);
});

test("an agent that hangs and one that crashes on each message change nothing for a third", async () => {
  await using path = await startPath();
  await path.deploy("stuck", "loops-v1-aaaaa", "loops", hangs);
  await path.deploy("crashing", "moody-v1-aaaaa", "moody", hangs);
  await path.deploy("echo", "echo-v1-aaaaa", "echo");
  // More than a router holds for an agent.
  await path.send("stuck", orders(1_500));
  await path.send(
    "crashing",
    Array.from({ length: 30 }, () => JSON.stringify({ wish: "trap" })),
  );
  await path.route("stuck", route(target("loops-v1-aaaaa")));
  await path.route("crashing", route(target("moody-v1-aaaaa")));
  await laneOf(path, "stuck", ({ held }) => held === 1_024);
  await path.outcomes("crashing", 1);
  await path.route("echo", route(target("echo-v1-aaaaa")));
  await path.send("echo", orders(1_000));

  const outcomes = await path.outcomes("echo", 1_000);
  expect(new Set(outcomes.map((one) => `${one.result} ${one.attempts.length}`))).toEqual(new Set(["handled 1"]));
  const crashed = await path.outcomes("crashing", 30);
  expect(new Set(crashed.map((one) => `${one.deadLetter?.code} ${one.attempts.length}`))).toEqual(
    new Set(["agent-trap 3"]),
  );
  await laneOf(path, "stuck", ({ held }) => held === 1_024);
});

test("without an instance the router takes nothing and says so; a version that is there takes what another cannot", async () => {
  await using path = await startPath();
  const [away, here] = ["echo-v2-bbbbb", "echo-v1-aaaaa"];
  // Streams, but no version.
  await path.specify("echo", away, "echo", { desired: "stopped" });
  await path.route("echo", route(target(away)));
  await path.send("echo", orders(2_000));
  const waiting = await laneOf(path, "echo", ({ state }) => state === "waiting");
  expect(waiting.reason).toEqual({ code: "no-instance", message: `no instance of ${away} answers` });
  expect(waiting.versions).toMatchObject([{ version: away, available: false }]);

  await path.deploy("echo", here, "echo", { configuration: '{"v":1}' });
  await path.route("echo", { ...route(target(away, 0.5), target(here, 0.5)), revision: 2 });
  const outcomes = await path.outcomes("echo", 2_000);
  expect(new Set(outcomes.map((one) => `${one.result} ${one.version}`))).toEqual(new Set([`handled ${here}`]));
  await laneOf(path, "echo", ({ state }) => state === "pulling");
  const said = path.logs().split("\n");
  expect(said.filter((line) => line.includes("nothing is taken out of the inbox"))).toHaveLength(1);
});

test("two agents that send to each other end at the hop bound, dead-lettered and named", async () => {
  await using path = await startPath();
  for (const agent of ["circle-a", "circle-b"]) {
    await path.deploy(agent, "circle-v1-aaaaa", "circle");
    await path.route(agent, route(target("circle-v1-aaaaa")));
  }
  await path.send("circle-a", [JSON.stringify({ to: "circle-b", from: "circle-a" })]);
  // Hops 0 to 16 are handled, by the one and the other; the seventeenth is not.
  const ends = (await path.outcomes("circle-b", 9)).at(-1);
  expect(ends).toMatchObject({ result: "dead-lettered", hops: 17, attempts: [] });
  expect(ends?.deadLetter).toMatchObject({ code: "hop-limit", headers: { [header.hops]: "17" } });
  expect(ends?.deadLetter?.reason).toContain("17 agents passed this on, the last of them 'circle-a' to 'circle-b'");
  expect((await path.outcomes("circle-a", 9)).map(({ result }) => result)).toEqual(Array(9).fill("handled"));
});
