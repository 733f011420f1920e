import { fileURLToPath } from "node:url";
import { outcomeStream } from "@caxton/contracts/subjects";
import type { StreamInfo } from "@caxton/bus/types";
import { expect, test } from "vitest";
import { audit } from "../auditor/audit.ts";
import { nothingWrong } from "../chaos/verdict.ts";
import { routerLanes } from "../harness/router-lanes.ts";
import { type HotPath, startHotPath } from "../harness/hot-path.ts";
import { readCatalogue, startProducer } from "../harness/producer.ts";

const agent = "quake-watch";
const version = "quake-v1-aaaaa";
const source = fileURLToPath(new URL("../../examples/quake-watch/v1.js", import.meta.url));
const narrowMaxMessages = 390;
/** Most that a router holds. */
const window = 1_024;

async function outcomes({ bus }: HotPath): Promise<StreamInfo> {
  const info = await bus.streams.info(outcomeStream(agent));
  if (info === undefined) throw new Error("there is no outcome stream");
  return info;
}

test("with the outcome stream at its limit routers hold, say so and lose nothing; with room they go on by themselves", async () => {
  await using path = await startHotPath();
  await path.start("agent-host");
  await path.start("router");
  const second = await path.start("router");
  await path.deploy(agent, version, source);
  const { spec } = await outcomes(path);
  await path.bus.streams.ensure({ ...spec, maxMessages: narrowMaxMessages });
  await path.route(agent, { revision: 1, targets: [{ version, share: 1, messageTimeoutMs: 1_000 }], closed: [] });
  const bodies = await readCatalogue();
  const producer = await startProducer({ url: path.server.url, agent, bodies, perSecond: 600 });

  const stuck = await routerLanes(path.bus, agent, 2, ({ reason }) => reason?.code === "outcomes-full");
  for (const lane of stuck) {
    expect(lane.state).toBe("waiting");
    expect(lane.reason?.message).toMatch(/CAXTON_OUTCOME_quake-watch is full: .* `caxton get quake-watch` says/);
  }
  // The inbox goes on taking what it is sent, and one router less changes nothing.
  const acknowledged = producer.acknowledged.length;
  await producer.reached(acknowledged + 1_500);
  await second.kill("SIGKILL");
  await producer.reached(acknowledged + 2_500);
  const full = await outcomes(path);
  expect(full).toMatchObject({ firstSequence: 1, messages: narrowMaxMessages });
  const [holding] = await routerLanes(path.bus, agent, 1, ({ reason }) => reason?.code === "outcomes-full");
  expect(holding?.held).toBeLessThanOrEqual(window);

  await path.bus.streams.ensure(spec);
  const flowing = await routerLanes(
    path.bus,
    agent,
    1,
    ({ state, reason }) => state === "pulling" && reason === undefined,
  );
  expect(flowing).toHaveLength(1);
  await producer.stop();
  const report = await audit({
    url: path.server.url,
    agent,
    acknowledged: producer.acknowledged,
    rules: { [version]: "v1" },
    settleTimeoutMs: 60_000,
  });
  expect(report).toMatchObject(nothingWrong);
  expect(report.accepted).toBeGreaterThan(full.messages + 2_500);
  const said = path.logs().split("\n");
  expect(said.filter((line) => line.includes("no outcome is stored"))).toHaveLength(2);
  expect(said.filter((line) => line.includes("outcomes are stored again"))).toHaveLength(1);
});
