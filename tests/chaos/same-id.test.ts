import { fileURLToPath } from "node:url";
import { expect, onTestFailed, test } from "vitest";
import { audit } from "../auditor/audit.ts";
import { startHotPath } from "../harness/hot-path.ts";
import { readCatalogue, startProducer } from "../harness/producer.ts";
import { nothingWrong } from "./verdict.ts";

const agent = "quake-watch";
const version = "quake-v1-aaaaa";
const source = fileURLToPath(new URL("../../examples/quake-watch/v1.js", import.meta.url));

test("a producer that sends again under the same id what it got no word of has it accepted once, through three restarts of nats-server", async () => {
  await using path = await startHotPath();
  onTestFailed(() => console.error(path.logs()));
  await path.start("agent-host");
  await path.start("router");
  await path.start("router");
  await path.deploy(agent, version, source);
  await path.route(agent, { revision: 1, targets: [{ version, share: 1, messageTimeoutMs: 1_000 }], closed: [] });
  const bodies = await readCatalogue();
  // So many that some are on their way whenever the server dies.
  const sending = { agent, bodies, perSecond: 2_000, keepsIds: true };
  const producer = await startProducer({ url: path.server.url, ...sending });
  for (const restart of [1, 2, 3]) {
    await producer.reached(restart * 1_500);
    await path.server.restart();
  }
  await producer.reached(6_000);
  await producer.stop();

  const { acknowledged } = producer;
  const rules = { [version]: "v1" } as const;
  const report = await audit({ url: path.server.url, agent, acknowledged, rules, settleTimeoutMs: 60_000 });
  expect(report).toMatchObject(nothingWrong);
  expect(producer.unacknowledged).toBeGreaterThan(0);
  expect(report.accepted).toBe(acknowledged.length);
});
