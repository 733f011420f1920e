import { ensureAgentStreams } from "@caxton/bus/agent-streams";
import { header, inboxStream, inboxSubject } from "@caxton/contracts/subjects";
import { expect, test } from "vitest";
import { type HotPath, startHotPath } from "../harness/hot-path.ts";
import { relayLanes } from "../harness/relay-lanes.ts";

const agent = "fans-out";
const version = "fans-v1-aaaaa";
const route = { revision: 1, targets: [{ version, share: 1, messageTimeoutMs: 1_000 }], closed: [] };
const patience = { timeout: 15_000, interval: 50 };
const orders = (count: number, to: readonly string[]): string[] =>
  Array.from({ length: count }, (_, n) => JSON.stringify({ n, rounds: 2, to }));

async function startPath(): Promise<HotPath> {
  const path = await startHotPath();
  await path.start("agent-host");
  await path.start("router");
  await path.deploy(agent, version, "fans-out");
  return path;
}

async function outputIds({ bus }: HotPath, target: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const { headers } of bus.streams.read(inboxStream(target))) {
    const id = headers[header.output];
    if (id !== undefined) ids.push(id);
  }
  return ids;
}

test("a full target and one that nobody knows hold up their own lanes; a third, and the outbox, flow", async () => {
  await using path = await startPath();
  await ensureAgentStreams(path.bus, "archive");
  await ensureAgentStreams(path.bus, "shelf");
  const archive = await path.bus.streams.info(inboxStream("archive"));
  if (archive === undefined) throw new Error("archive has no inbox");
  await path.bus.streams.ensure({ ...archive.spec, maxMessages: 5 });
  await path.bus.store(inboxSubject("archive"), new Uint8Array(900));
  await path.route(agent, route);
  await path.send(agent, orders(50, ["outbox", "archive", "attic", "shelf"]));

  expect(await path.outbox(agent, 100)).toHaveLength(100);
  await expect.poll(async () => new Set(await outputIds(path, "shelf")).size, patience).toBe(100);
  await expect
    .poll(() => relayLanes(path.bus, agent), patience)
    .toEqual(
      expect.arrayContaining([
        { target: "outbox", behind: 0 },
        { target: "shelf", behind: 0 },
        { target: "archive", behind: expect.any(Number), waitsFor: expect.objectContaining({ code: "inbox-full" }) },
        { target: "attic", behind: 50, waitsFor: expect.objectContaining({ code: "unknown-agent" }) },
      ]),
    );

  await path.bus.streams.ensure(archive.spec);
  await ensureAgentStreams(path.bus, "attic");
  for (const target of ["archive", "attic"])
    await expect.poll(async () => new Set(await outputIds(path, target)).size, patience).toBe(100);
  await expect
    .poll(
      async () => (await relayLanes(path.bus, agent)).map(({ target, ...rest }) => [target, rest] as const),
      patience,
    )
    .toEqual(expect.arrayContaining(["outbox", "shelf", "archive", "attic"].map((target) => [target, { behind: 0 }])));
  for (const target of ["archive", "attic", "shelf"]) expect(await outputIds(path, target)).toHaveLength(100);
});
