import { ensureAgentStreams } from "@caxton/bus/agent-streams";
import { decodeJson } from "@caxton/bus/json";
import { type Ledger, ledgerAnswer } from "@caxton/contracts/ledger";
import { header, inboxStream, ledgerSubject, outcomeStream } from "@caxton/contracts/subjects";
import { createLogger } from "../../libs/telemetry/src/logger.ts";
import { expect, test } from "vitest";
import { startLedger } from "../../services/ledger/src/service.ts";
import { type HotPath, startHotPath } from "../harness/hot-path.ts";
import { isLong } from "../harness/long.ts";
import { routerLanes } from "../harness/router-lanes.ts";

const agent = "fans-out";
const version = "fans-v1-aaaaa";
const outcomesMax = 200;
const patience = { timeout: 60_000, interval: 100 };
const log = createLogger({ service: "ledger", id: "test", level: "silent" });
const orders = (count: number, to: (n: number) => string): string[] =>
  Array.from({ length: count }, (_, n) => JSON.stringify({ n, rounds: 1, to: [to(n)] }));

async function ledgerOf({ bus }: HotPath): Promise<Ledger> {
  const { data } = await bus.request(ledgerSubject(agent), new Uint8Array(), { timeoutMs: 5_000 });
  const answer = ledgerAnswer.check(decodeJson(data));
  if (!answer.ok) throw new Error(answer.error.message);
  return answer.ledger;
}

test.runIf(isLong)(
  "what is said to an agent that was never deployed keeps only itself; should it fill the outcomes the sender waits until that agent is there",
  async () => {
    await using path = await startHotPath();
    const { bus } = path;
    await path.start("agent-host");
    await path.start("router");
    await path.deploy(agent, version, "fans-out");
    const made = await bus.streams.info(outcomeStream(agent));
    if (made === undefined) throw new Error("there is no outcome stream");
    await bus.streams.ensure({ ...made.spec, maxBytes: -1, maxMessages: outcomesMax });
    const trimming = { inboxRetentionMs: 0, outcomeRetentionMs: 0 };
    const ledger = await startLedger({ bus, log, id: "ledger-1", trimming, trimEveryMs: 50 });
    await using running = new AsyncDisposableStack();
    running.defer(() => ledger.close());
    await path.route(agent, { revision: 1, targets: [{ version, share: 1, messageTimeoutMs: 1_000 }], closed: [] });

    // Ten times what the outcomes hold flows past the hundred that wait.
    await path.send(
      agent,
      orders(2_000, (n) => (n % 20 === 0 ? "attic" : "outbox")),
    );
    await expect.poll(() => ledgerOf(path), patience).toMatchObject({ accepted: 2_000, handled: 2_000, pending: 0 });
    const kept = async (): Promise<number> => (await bus.streams.info(outcomeStream(agent)))?.messages ?? 0;
    await expect.poll(kept, patience).toBe(100);

    await path.send(
      agent,
      orders(300, () => "attic"),
    );
    const [stuck] = await routerLanes(bus, agent, 1, ({ reason }) => reason?.code === "outcomes-full");
    expect(stuck).toMatchObject({ state: "waiting" });
    expect(await kept()).toBe(outcomesMax);
    expect(await ledgerOf(path)).toMatchObject({ accepted: 2_300, handled: 2_100, pending: 200, faults: [] });

    await ensureAgentStreams(bus, "attic");
    await expect.poll(() => ledgerOf(path), patience).toMatchObject({ accepted: 2_300, handled: 2_300, pending: 0 });
    await routerLanes(bus, agent, 1, ({ state, reason }) => state === "pulling" && reason === undefined);
    await expect.poll(async () => (await bus.streams.info(inboxStream("attic")))?.messages, patience).toBe(400);
    const ids = new Set<string | undefined>();
    for await (const { headers } of bus.streams.read(inboxStream("attic"))) ids.add(headers[header.output]);
    expect(ids.size).toBe(400);
    await expect.poll(kept, patience).toBe(0);
  },
);
