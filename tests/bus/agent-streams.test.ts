import { ensureAgentStreams } from "@caxton/bus/agent-streams";
import { inboxStream, inboxSubject, outboxStream, outcomeStream } from "@caxton/contracts/subjects";
import { expect, it } from "vitest";
import { startBus } from "./bus-harness.ts";

it("what an agent has on the bus is made once, and left as an operator changed it", async () => {
  await using started = await startBus();
  const { bus } = started;
  const epoch = await ensureAgentStreams(bus, "pager");
  await bus.store(inboxSubject("pager"), new Uint8Array([1]));
  const made = await bus.streams.info(inboxStream("pager"));
  const roomier = 2 * (made?.spec.maxBytes ?? 0);
  if (made !== undefined) await bus.streams.ensure({ ...made.spec, maxBytes: roomier });

  expect(await ensureAgentStreams(bus, "pager", { inboxMaxBytes: 100_000 })).toBe(epoch);
  expect(await bus.streams.info(inboxStream("pager"))).toMatchObject({ messages: 1, spec: { maxBytes: roomier } });
});

it("streams have the room that they were asked to have", async () => {
  await using started = await startBus();
  const { bus } = started;
  const settings = { inboxMaxBytes: 100_000, outcomesMaxBytes: 300_000 };
  await ensureAgentStreams(bus, "pager", settings);
  const limits = { discard: "new" };
  const inbox = await bus.streams.info(inboxStream("pager"));
  expect(inbox?.spec).toMatchObject({ ...limits, maxBytes: 100_000 });
  const outcomes = await bus.streams.info(outcomeStream("pager"));
  expect(outcomes?.spec).toMatchObject({ ...limits, maxBytes: 300_000 });
  expect((await bus.streams.info(outboxStream("pager")))?.spec).toMatchObject({ ...limits, maxBytes: -1 });
});
