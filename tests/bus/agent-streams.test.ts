import { agentStreams, ensureAgentStreams } from "@caxton/bus/agent-streams";
import { keptBy } from "@caxton/bus/stream-config";
import { inboxStream, inboxSubject } from "@caxton/contracts/subjects";
import { expect, it } from "vitest";
import { startBus } from "./bus-harness.ts";

it("what an agent has on the bus is made once, and left as an operator changed it", async () => {
  await using started = await startBus();
  const { bus } = started;
  const epoch = await ensureAgentStreams(bus, "pager");
  await bus.store(inboxSubject("pager"), new Uint8Array([1]));
  const made = await bus.streams.info(inboxStream("pager"));
  if (made === undefined) throw new Error("pager has no inbox");
  const roomier = { ...made.spec, maxMessages: 9_000_000 };
  await bus.streams.ensure(roomier);

  expect(await ensureAgentStreams(bus, "pager", { inboxMaxBytes: 100_000 })).toBe(epoch);
  expect(await bus.streams.info(inboxStream("pager"))).toMatchObject({ messages: 1, spec: roomier });
});

it("streams have the room that they were asked to have", async () => {
  await using started = await startBus();
  const { bus } = started;
  const settings = { inboxMaxBytes: 100_000, outcomesMaxBytes: 300_000 };
  await ensureAgentStreams(bus, "pager", settings);
  const { inbox, outcomes, outbox } = agentStreams("pager", settings);
  const { version } = await bus.server();
  for (const spec of [inbox, outcomes, outbox]) {
    expect((await bus.streams.info(spec.name))?.spec).toEqual(keptBy(version, spec));
  }
});
