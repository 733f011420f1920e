import { ensureAgentStreams } from "@caxton/bus/agent-streams";
import { encodeJson } from "@caxton/bus/json";
import { inboxStream, outcomeSubject, routeBucket } from "@caxton/contracts/subjects";
import { expect, test } from "vitest";
import { startLedger } from "../../services/ledger/src/service.ts";
import { silent, startGatewayUnderTest } from "./gateway-harness.ts";

const agent = "narrow";
const maxBytes = 64 * 1024;
const body = JSON.stringify({ text: "x".repeat(1_000) });

test("a full inbox refuses its producer, until what is done has made room; what is not done stays", async () => {
  await using under = await startGatewayUnderTest();
  const { bus, connect } = under;
  const epoch = await ensureAgentStreams(bus, agent);
  const wide = await bus.streams.info(inboxStream(agent));
  if (wide === undefined) throw new Error("no inbox");
  await bus.streams.ensure({ ...wide.spec, maxBytes });
  const send = async () => (await connect.sendMessages({ agent, messages: [{ body }] })).results[0];
  let refused = await send();
  let accepted = 0;
  for (; refused?.errorCode === ""; refused = await send()) accepted += 1;
  expect(refused).toMatchObject({ sequence: 0, errorCode: "inbox-full" });
  expect(refused?.errorMessage).toMatch(/is full .* nothing was stored: wait until it is trimmed/);

  const trimming = { pressedRetentionMs: 0 };
  const ledger = await startLedger({ bus, log: silent, id: "ledger", trimming, trimEveryMs: 50 });
  try {
    await (await bus.kv(routeBucket)).put(agent, encodeJson({ agent, revision: 1, targets: [], closed: [] }));
    const undecided = 31;
    for (let sequence = 1; sequence <= accepted; sequence++) {
      if (sequence === undecided) continue;
      const outcome = {
        schemaVersion: 1,
        agent,
        epoch,
        sequence,
        messageId: String(sequence),
        result: "handled",
        attempts: [],
        outputs: [],
        hops: 0,
        receivedAtMs: 1,
        decidedAtMs: 2,
      };
      await bus.store(outcomeSubject(agent, epoch, sequence), encodeJson(outcome));
    }
    let taken = await send();
    while (taken?.errorCode === "inbox-full") taken = await send();
    expect(taken).toMatchObject({ errorCode: "", sequence: accepted + 1 });
    const inbox = await bus.streams.info(inboxStream(agent));
    expect(inbox?.firstSequence).toBeGreaterThan(1);
    expect(inbox?.firstSequence).toBeLessThanOrEqual(undecided);
  } finally {
    await ledger.close();
  }
});
