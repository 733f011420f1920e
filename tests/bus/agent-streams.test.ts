import { ensureAgentStreams } from "@caxton/bus/agent-streams";
import { inboxStream, inboxSubject } from "@caxton/contracts/subjects";
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

  expect(await ensureAgentStreams(bus, "pager", 1_000)).toBe(epoch);
  expect(await bus.streams.info(inboxStream("pager"))).toMatchObject({ messages: 1, spec: { maxBytes: roomier } });
});
