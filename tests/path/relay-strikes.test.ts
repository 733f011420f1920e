import { ensureAgentStreams } from "@caxton/bus/agent-streams";
import { decodeJson } from "@caxton/bus/json";
import type { StoredMessage } from "@caxton/bus/types";
import { RelayCheckpoint } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import { header, inboxStream, outboxStream, relayBucket } from "@caxton/contracts/subjects";
import { expect, test } from "vitest";
import { type HotPath, startHotPath } from "../harness/hot-path.ts";
import { isLong } from "../harness/long.ts";
import { relayHolder } from "../harness/relay-lanes.ts";
import type { ServiceProcess } from "../harness/service-process.ts";

const agent = "fans-out";
const version = "fans-v1-aaaaa";
const route = { revision: 1, targets: [{ version, share: 1, messageTimeoutMs: 1_000 }], closed: [] };
/** Outputs of a message to each of its two targets: so many that a strike falls between two of one message. */
const rounds = 20;
const perSending = 150;
/** So many outputs later the relay is in the thick of them; right at first it has one message, and is done with it at once. */
const inTheThick = 15 * rounds;
const checkpointSchema = checker("relay checkpoint", RelayCheckpoint);

interface Scene {
  readonly path: HotPath;
  readonly routers: ReadonlyMap<string, ServiceProcess>;
  readonly addRouter: () => Promise<void>;
}

/** Two routers, and the agent `archive` beside the outbox to speak to. */
async function setScene(path: HotPath): Promise<Scene> {
  const env = { CAXTON_ACK_WAIT_MS: "2000" };
  const routers = new Map<string, ServiceProcess>();
  const addRouter = async (): Promise<void> => {
    const id = `router-${routers.size + 1}`;
    routers.set(id, await path.start("router", env));
  };
  await path.start("agent-host");
  await addRouter();
  await addRouter();
  // Nothing below may rest on the server's memory of message ids.
  await ensureAgentStreams(path.bus, "archive", { duplicateWindowMs: 100 });
  await path.deploy(agent, version, "fans-out");
  await path.route(agent, route);
  return { path, routers, addRouter };
}

function send(path: HotPath): Promise<void> {
  const body = (n: number): string => JSON.stringify({ n, rounds, to: ["outbox", "archive"] });
  return path.send(
    agent,
    Array.from({ length: perSending }, (_, n) => body(n)),
  );
}

/** Resolves when an output that is neither the first nor the last of its message is stored above `fromSequence`. */
async function untilAmidMessage(path: HotPath, stream: string, fromSequence: number): Promise<void> {
  for await (const { sequence } of path.bus.streams.follow(stream, { fromSequence })) if (sequence % rounds > 1) return;
}

async function lastSequence(path: HotPath, stream: string): Promise<number> {
  return (await path.bus.streams.info(stream))?.lastSequence ?? 0;
}

const idsOf = (messages: readonly StoredMessage[]): (string | undefined)[] =>
  messages.map(({ headers }) => headers[header.output]);

/** Every output of `messages` messages, once: in the outbox in the order of outcomes, in the other's inbox in any. */
async function expectEachOnce(path: HotPath, messages: number): Promise<void> {
  const outcomes = await path.outcomes(agent, messages);
  const ids = (remainder: number): string[] =>
    outcomes.flatMap(({ epoch, sequence, outputs }) =>
      outputs.flatMap((_, index) => (index % 2 === remainder ? [`${agent}/${epoch}/${sequence}/${index}`] : [])),
    );
  expect(idsOf(await path.outbox(agent, messages * rounds))).toEqual(ids(0));
  const archived: StoredMessage[] = [];
  for await (const message of path.bus.streams.follow(inboxStream("archive"))) {
    archived.push(message);
    if (new Set(idsOf(archived)).size === messages * rounds) break;
  }
  expect(archived).toHaveLength(messages * rounds);
  expect(new Set(idsOf(archived))).toEqual(new Set(ids(1)));
}

test("a relay killed between two outputs of one message costs none of them and doubles none", async () => {
  await using path = await startHotPath();
  const { routers, addRouter } = await setScene(path);
  let sendings = 0;
  const streams = [outboxStream(agent), inboxStream("archive"), outboxStream(agent)];
  for (const stream of isLong ? streams : streams.slice(0, 1)) {
    // A strike that fell between two messages, or after the last, is made again.
    for (let struck = false; !struck;) {
      const holder = await relayHolder(path.bus, agent);
      const from = (await lastSequence(path, stream)) + 1;
      const amid = untilAmidMessage(path, stream, from + inTheThick);
      const sending = send(path);
      sendings += 1;
      await amid;
      await routers.get(holder)?.kill("SIGKILL");
      struck = (await lastSequence(path, stream)) % rounds !== 0;
      await sending;
      await relayHolder(path.bus, agent, holder);
      await expectEachOnce(path, sendings * perSending);
      await addRouter();
    }
  }
  const archive = await path.bus.streams.info(inboxStream("archive"));
  expect(archive?.lastSequence).toBe(sendings * perSending * rounds);
});

test("a relay frozen between two outputs of one message, and thawed when another goes on, doubles none", async () => {
  await using path = await startHotPath();
  const { routers } = await setScene(path);
  const checkpoints = await path.bus.kv(relayBucket);
  const holder = await relayHolder(path.bus, agent);
  const amid = untilAmidMessage(path, outboxStream(agent), inTheThick);
  const sending = send(path);
  await amid;
  routers.get(holder)?.signal("SIGSTOP");
  const next = await relayHolder(path.bus, agent, holder);
  await sending;
  await expectEachOnce(path, perSending);
  // The second one writes down how far it came; the first would write down less.
  await expect
    .poll(() => checkpointOf(path, `${agent}.outbox`), { timeout: 10_000 })
    .toMatchObject({ outcomeSequence: perSending });
  const stop = new AbortController();
  const said: number[] = [];
  const watching = (async () => {
    for await (const change of checkpoints.watch({ key: `${agent}.outbox`, signal: stop.signal }))
      if (change.type === "put") said.push(checkpointSchema.check(decodeJson(change.entry.value)).outcomeSequence);
  })();

  routers.get(holder)?.signal("SIGCONT");
  // It ends in order: what it still had to write it has written.
  await routers.get(holder)?.kill("SIGTERM");
  expect(await relayHolder(path.bus, agent)).toBe(next);
  await send(path);
  await expectEachOnce(path, 2 * perSending);
  await expect
    .poll(() => checkpointOf(path, `${agent}.outbox`), { timeout: 10_000 })
    .toMatchObject({ outcomeSequence: 2 * perSending });
  stop.abort();
  await watching;
  expect(said).toEqual(said.toSorted((a, b) => a - b));
});

async function checkpointOf(path: HotPath, key: string): Promise<RelayCheckpoint | undefined> {
  const entry = await (await path.bus.kv(relayBucket)).get(key);
  return entry === undefined ? undefined : checkpointSchema.check(decodeJson(entry.value));
}
