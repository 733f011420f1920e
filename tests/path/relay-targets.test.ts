import { ensureAgentStreams } from "@caxton/bus/agent-streams";
import { header, inboxStream, inboxSubject, relayBucket } from "@caxton/contracts/subjects";
import { decodeJson } from "@caxton/bus/json";
import { RelayCheckpoint } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import { expect, test } from "vitest";
import { type HotPath, startHotPath } from "../harness/hot-path.ts";
import { relayLanes } from "../harness/relay-lanes.ts";

const agent = "fans-out";
const version = "fans-v1-aaaaa";
const route = { revision: 1, targets: [{ version, share: 1, messageTimeoutMs: 1_000 }], closed: [] };
const checkpointSchema = checker("relay checkpoint", RelayCheckpoint);
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

test("what overtook a refused output, and was handled and trimmed since, is not sent again by the next relay", async () => {
  await using path = await startHotPath();
  await path.start("agent-host");
  const router = await path.start("router");
  await path.deploy(agent, version, "fans-out");
  await ensureAgentStreams(path.bus, "archive");
  const archive = await path.bus.streams.info(inboxStream("archive"));
  if (archive === undefined) throw new Error("archive has no inbox");
  await path.bus.streams.ensure({ ...archive.spec, maxMessageBytes: 400 });
  await path.route(agent, route);
  const first = "x".repeat(500);
  await path.send(agent, [JSON.stringify({ n: 1, rounds: 5, to: ["archive"], first })]);
  const checkpoints = await path.bus.kv(relayBucket);
  const ahead = async (): Promise<readonly string[]> => {
    const entry = await checkpoints.get(`${agent}.to.archive`);
    return (entry && checkpointSchema.check(decodeJson(entry.value)).ahead) ?? [];
  };
  await expect.poll(async () => (await ahead()).length, patience).toBe(4);
  await expect.poll(async () => (await outputIds(path, "archive")).length, patience).toBe(4);
  const overtook = await outputIds(path, "archive");
  // As if the archive had handled them long ago.
  await path.bus.streams.purge(inboxStream("archive"));

  await router.kill("SIGKILL");
  await path.start("router");
  await path.bus.streams.ensure(archive.spec);
  await path.send(agent, orders(1, ["archive"]));
  await expect.poll(async () => (await outputIds(path, "archive")).length, patience).toBe(3);
  const later = await outputIds(path, "archive");
  expect(later.filter((id) => overtook.includes(id))).toEqual([]);
  expect(new Set(later).size).toBe(3);
  await expect.poll(ahead, patience).toEqual([]);
});

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
