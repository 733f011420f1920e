import { ensureAgentStreams } from "@caxton/bus/agent-streams";
import { header, inboxStream, outboxStream, outcomeStream } from "@caxton/contracts/subjects";
import { expect, test } from "vitest";
import { startHotPath } from "../harness/hot-path.ts";

const version = "moody-v1-aaaaa";
const route = { revision: 1, targets: [{ version, share: 1, messageTimeoutMs: 300 }], closed: [] };
/** Half of them for the outbox, half for the agent `archive`. */
const wishes = (count: number): string[] =>
  Array.from({ length: count }, (_, n) => JSON.stringify({ wish: n % 2 === 0 ? "reply" : "note" }));

test.each([true, false])(
  "an outcome stream that is made again counts from 1 (router running: %s)",
  async (isRunning) => {
    await using path = await startHotPath();
    await path.start("agent-host");
    const router = await path.start("router");
    await path.deploy("moody", version, "moody");
    await path.route("moody", route);
    await ensureAgentStreams(path.bus, "archive");
    const archived = async (): Promise<number> => (await path.bus.streams.info(inboxStream("archive")))?.messages ?? 0;
    await path.send("moody", wishes(40));
    await path.outbox("moody", 20);
    await expect.poll(archived).toBe(20);

    if (!isRunning) await router.kill("SIGTERM");
    await path.bus.streams.delete(outcomeStream("moody"));
    await ensureAgentStreams(path.bus, "moody");
    if (!isRunning) await path.start("router");
    await path.send("moody", wishes(20));
    const outputs = await path.outbox("moody", 30);
    expect(new Set(outputs.map(({ headers }) => headers[header.output])).size).toBe(30);
    await expect.poll(archived, { timeout: 10_000 }).toBe(30);
  },
);

test("a router that is stopped leaves a checkpoint, so that an emptied outbox is not filled again", async () => {
  await using path = await startHotPath();
  await path.start("agent-host");
  const router = await path.start("router");
  await path.deploy("moody", version, "moody");
  await path.route("moody", route);
  await path.send("moody", wishes(40));
  await path.outbox("moody", 20);
  await router.kill("SIGTERM");
  await path.bus.streams.purge(outboxStream("moody"));
  await path.start("router");
  await path.send("moody", wishes(2));
  const [first] = await path.outbox("moody", 1);
  expect(first?.sequence).toBe(21);
  expect((await path.outcomes("moody", 42)).length).toBe(42);
  expect((await path.bus.streams.info(outboxStream("moody")))?.lastSequence).toBe(21);
  expect(first?.headers[header.output]).toMatch(/\/41\/0$/);
});
