import { Buffer } from "node:buffer";
import { readFile } from "node:fs/promises";
import { ensureAgentStreams } from "@caxton/bus/agent-streams";
import { connectBus } from "@caxton/bus/connect";
import { encodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import type { Outcome, Output } from "@caxton/contracts/outcome";
import { header, inboxSubject, outboxSubject, outcomeSubject, relayedSubject } from "@caxton/contracts/subjects";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { audit } from "../auditor/audit.ts";
import { expectedOutputs, forwardsTo, type Rule } from "../auditor/expected.ts";
import type { Acknowledged, AuditReport } from "../auditor/report.ts";
import { startNatsServer, type NatsServer } from "../harness/nats-server.ts";

const version = "quake-v1-00000";
const encoder = new TextEncoder();
let server: NatsServer;
let bus: Bus;
let agent: string;
let epoch: string;
let acknowledged: Acknowledged[];
let rule: Rule;
let agents = 0;

beforeAll(async () => {
  server = await startNatsServer();
  bus = await connectBus({ url: server.url, name: "planted-faults" });
});
afterAll(async () => {
  await bus.close();
  await server.stop();
});

/** An agent of its own for every test, with thirty messages handled as they should be, before anything is planted. */
beforeEach(async () => {
  agent = `quake-${agents++}`;
  epoch = await ensureAgentStreams(bus, agent);
  acknowledged = [];
  rule = "v1";
});
/** An inbox takes the room of its limit from the server, however little it holds. */
afterEach(() => bus.streams.delete(`CAXTON_INBOX_${agent}`));

async function thirtyHandled(plant: Partial<Parts> = {}): Promise<AuditReport> {
  const parts: Parts = { ...honest, ...plant };
  for (const [index, line] of (await catalogue()).entries()) {
    const sequence = index + 1;
    const body = line.replace("{", `{"item":${index},`);
    await parts.accept(sequence, body);
    await parts.decide(sequence, body);
    await parts.send(sequence, body);
  }
  return await report();
}

function report(earlierEpochs: readonly string[] = []): Promise<AuditReport> {
  const targets = rule === "v1-and-forwards" ? [forwardsTo] : [];
  return audit({
    url: server.url,
    agent,
    acknowledged,
    rules: { [version]: rule },
    targets,
    earlierEpochs,
    settleTimeoutMs: 0,
  });
}

/** Every event is an alert, so that thirty are enough. */
async function catalogue(): Promise<readonly string[]> {
  const lines = (await readFile(new URL("../../examples/data/earthquakes.jsonl", import.meta.url), "utf8")).split("\n");
  return lines.filter((line) => line !== "" && outputsFor(line).length > 0).slice(0, 30);
}

interface Parts {
  accept(sequence: number, body: string): Promise<void>;
  decide(sequence: number, body: string): Promise<void>;
  send(sequence: number, body: string): Promise<void>;
}

const honest: Parts = {
  async accept(sequence, body) {
    const messageId = `planted/${sequence}`;
    const ack = await bus.store(inboxSubject(agent), encoder.encode(body), { messageId });
    acknowledged.push({ sequence: ack.sequence, messageId });
  },
  decide: (sequence, body) => storeOutcome(sequence, {}, body),
  async send(sequence, body) {
    for (const [index, output] of outputsFor(body).entries()) await storeOutput(sequence, index, output);
  },
};

function outputsFor(body: string): readonly Output[] {
  const outputs = expectedOutputs(rule, body);
  return outputs === "invalid"
    ? []
    : outputs.map(({ body: said, ...where }) => ({ ...where, body: JSON.stringify(said) }));
}

async function storeOutcome(sequence: number, change: Partial<Outcome>, body = ""): Promise<void> {
  const outcome: Outcome = {
    schemaVersion: 1,
    agent,
    epoch,
    sequence,
    messageId: `planted/${sequence}`,
    result: "handled",
    version,
    attempts: [{ version, routeRevision: 1, result: "handled", latencyMs: 0.1 }],
    outputs: [...outputsFor(body)],
    hops: 0,
    receivedAtMs: Date.now(),
    decidedAtMs: Date.now(),
    ...change,
  };
  await bus.store(outcomeSubject(agent, epoch, sequence), encodeJson(outcome));
}

async function storeOutput(sequence: number, index: number, { to, kind, body }: Output): Promise<void> {
  const id = `${agent}/${epoch}/${sequence}/${index}`;
  const headers = { [header.output]: id, [header.kind]: kind };
  const subject = to === undefined ? outboxSubject(agent, kind) : relayedSubject(to, id);
  await bus.store(subject, encoder.encode(body), { headers });
}

/** The honest part, except for message 7. */
function exceptSeven(name: keyof Parts, instead: (body: string) => Promise<void>): Partial<Parts> {
  return {
    [name]: (sequence: number, body: string) => (sequence === 7 ? instead(body) : honest[name](sequence, body)),
  };
}

describe("in a real JetStream the auditor", () => {
  test("finds nothing where nothing was planted", async () => {
    const found = await thirtyHandled();
    expect(found).toMatchObject({ accepted: 30, acknowledged: 30, handled: 30, deadLettered: 0, pending: 0, lost: 0 });
    expect(found).toMatchObject({ duplicateOutcomes: 0, strayOutcomes: 0, duplicateOutputs: 0, missingOutputs: 0 });
    expect(found).toMatchObject({ wrongOutputs: 0, wrongDeadLetters: 0, findings: [] });
    expect(found.perVersion[version]).toMatchObject({ handled: 30, outputs: 30 });
  });

  test("sees a message that was acknowledged and is gone", async () => {
    await thirtyHandled();
    await bus.streams.purge(`CAXTON_INBOX_${agent}`, { belowSequence: 2 });
    expect(await report()).toMatchObject({ lost: 1, accepted: 29 });
  });

  test("sees a message without an outcome", async () => {
    const found = await thirtyHandled({
      ...exceptSeven("decide", async () => {}),
      send: (sequence, body) => (sequence === 7 ? Promise.resolve() : honest.send(sequence, body)),
    });
    expect(found).toMatchObject({ lost: 1, pending: 1, handled: 29, findings: ["message 7 has no outcome"] });
  });

  test("sees a second outcome", async () => {
    expect(
      await thirtyHandled(
        exceptSeven("decide", async (body) => {
          await storeOutcome(7, {}, body);
          await storeOutcome(7, {}, body);
        }),
      ),
    ).toMatchObject({ duplicateOutcomes: 1, handled: 30 });
  });

  test("sees an outcome of a message that never was", async () => {
    await thirtyHandled();
    await storeOutcome(31, {});
    expect(await report()).toMatchObject({ strayOutcomes: 1 });
  });

  describe("of an inbox that was deleted and made again", () => {
    async function inboxAgain(): Promise<string> {
      await thirtyHandled();
      const earlier = epoch;
      await bus.streams.delete(`CAXTON_INBOX_${agent}`);
      epoch = await ensureAgentStreams(bus, agent);
      acknowledged = [];
      return earlier;
    }

    test("finds nothing where nothing was planted", async () => {
      const earlier = await inboxAgain();
      expect(await report([earlier])).toMatchObject({ decidedEarlier: 30, strayOutcomes: 0, findings: [] });
    });

    test("sees outcomes of a life that never was", async () => {
      await inboxAgain();
      expect((await report()).strayOutcomes).toBe(30);
    });

    test("sees an output of the earlier life that was never sent", async () => {
      const earlier = await inboxAgain();
      await bus.streams.purge(`CAXTON_OUTBOX_${agent}`, { belowSequence: 2 });
      expect(await report([earlier])).toMatchObject({ strayOutcomes: 0, missingOutputs: 1 });
    });
  });

  test("sees an output that was sent twice", async () => {
    expect(
      await thirtyHandled(
        exceptSeven("send", async (body) => {
          await honest.send(7, body);
          await honest.send(7, body);
        }),
      ),
    ).toMatchObject({ duplicateOutputs: 1, wrongOutputs: 0 });
  });

  test("sees an output that was never sent", async () => {
    expect(await thirtyHandled(exceptSeven("send", async () => {}))).toMatchObject({ missingOutputs: 1, lost: 0 });
  });

  test("sees an output that no outcome knows", async () => {
    await thirtyHandled();
    await storeOutput(7, 1, { kind: "alert", body: "{}" });
    expect(await report()).toMatchObject({ wrongOutputs: 1 });
  });

  test("sees an output that was changed on its way", async () => {
    expect(
      await thirtyHandled(
        exceptSeven("send", (body) => {
          const [output] = outputsFor(body);
          return storeOutput(7, 0, { kind: "alert", body: output?.body.replace("v1", "v2") ?? "" });
        }),
      ),
    ).toMatchObject({ wrongOutputs: 1 });
  });

  test("sees a version that says what another would have said", async () => {
    const found = await thirtyHandled({
      ...exceptSeven("decide", (body) => storeOutcome(7, { outputs: [otherRule(body)] }, body)),
      send: (sequence: number, body: string) =>
        sequence === 7 ? storeOutput(7, 0, otherRule(body)) : honest.send(sequence, body),
    });
    expect(found).toMatchObject({ wrongOutputs: 1, missingOutputs: 0 });
  });

  test("sees a version that was never deployed", async () => {
    expect(
      await thirtyHandled(exceptSeven("decide", (body) => storeOutcome(7, { version: "quake-v9-99999" }, body))),
    ).toMatchObject({ wrongOutputs: 1 });
  });

  test("sees a good message among the dead letters", async () => {
    expect(
      await thirtyHandled({
        ...exceptSeven("decide", () => storeOutcome(7, { result: "dead-lettered" })),
        send: (sequence, body) => (sequence === 7 ? Promise.resolve() : honest.send(sequence, body)),
      }),
    ).toMatchObject({ deadLettered: 1, wrongDeadLetters: 1, handled: 29, lost: 0 });
  });

  describe("of bad messages", () => {
    const bad = "{}";
    const why = { code: "message-refused", reason: "no earthquake", headers: {}, bodyBase64: base64(bad) };

    async function audited(letter?: Outcome["deadLetter"]): Promise<AuditReport> {
      await honest.accept(1, bad);
      const told = letter === undefined ? {} : { deadLetter: letter };
      await storeOutcome(1, { result: "dead-lettered", outputs: [], ...told });
      return await report();
    }

    test("finds nothing where the dead letter says why and keeps the body", async () => {
      const found = await audited(why);
      expect(found).toMatchObject({ deadLettered: 1, unexplainedDeadLetters: 0, wrongDeadLetters: 0, findings: [] });
    });

    test.each([
      ["that says nothing", undefined],
      ["without a code", { ...why, code: "" }],
      ["without a reason", { ...why, reason: "" }],
      ["with another body than the message's", { ...why, bodyBase64: base64("{ }") }],
    ])("sees a dead letter %s", async (_, letter) => {
      expect(await audited(letter)).toMatchObject({ deadLettered: 1, unexplainedDeadLetters: 1 });
    });
  });

  describe("of an agent that says each thing twice, once to another agent,", () => {
    beforeEach(async () => {
      rule = "v1-and-forwards";
      await ensureAgentStreams(bus, forwardsTo);
    });

    const both = (body: string): readonly [Output, Output] => {
      const [out, forwarded] = outputsFor(body);
      if (out === undefined || forwarded === undefined) throw new Error(`not two outputs for ${body}`);
      return [out, forwarded];
    };

    test("finds nothing where nothing was planted, whoever else writes into that inbox", async () => {
      await bus.store(inboxSubject(forwardsTo), encoder.encode("{}"));
      expect(await thirtyHandled()).toMatchObject({
        handled: 30,
        duplicateOutputs: 0,
        missingOutputs: 0,
        wrongOutputs: 0,
        findings: [],
      });
    });

    test("sees the second of two outputs missing", async () => {
      const onlyFirst = exceptSeven("send", (body) => storeOutput(7, 0, both(body)[0]));
      expect(await thirtyHandled(onlyFirst)).toMatchObject({ missingOutputs: 1, duplicateOutputs: 0, wrongOutputs: 0 });
    });

    test("sees what came to the other agent twice", async () => {
      const twice = exceptSeven("send", async (body) => {
        await honest.send(7, body);
        await storeOutput(7, 1, both(body)[1]);
      });
      expect(await thirtyHandled(twice)).toMatchObject({ duplicateOutputs: 1, missingOutputs: 0, wrongOutputs: 0 });
    });

    test("sees what came to the other agent as something else", async () => {
      const changed = exceptSeven("send", async (body) => {
        const [out, forwarded] = both(body);
        await storeOutput(7, 0, out);
        await storeOutput(7, 1, { ...forwarded, kind: "rumour" });
      });
      expect(await thirtyHandled(changed)).toMatchObject({ wrongOutputs: 1, missingOutputs: 0, duplicateOutputs: 0 });
    });

    test("sees what went to the outbox instead of to the other agent", async () => {
      const astray = exceptSeven("send", async (body) => {
        const [out, { kind, body: said }] = both(body);
        await storeOutput(7, 0, out);
        await storeOutput(7, 1, { kind, body: said });
      });
      expect(await thirtyHandled(astray)).toMatchObject({ wrongOutputs: 1, missingOutputs: 1 });
    });

    test("sees an output to the other agent that no outcome knows", async () => {
      await thirtyHandled();
      await storeOutput(7, 9, { to: forwardsTo, kind: "alert", body: "{}" });
      expect(await report()).toMatchObject({ wrongOutputs: 1 });
    });
  });
});

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

function otherRule(body: string): Output {
  return { kind: "alert", body: JSON.stringify({ rule: "v2", of: body.length }) };
}
