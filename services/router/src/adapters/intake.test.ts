import { ensureAgentStreams } from "@caxton/bus/agent-streams";
import { connectBus } from "@caxton/bus/connect";
import { inboxStream, inboxSubject } from "@caxton/contracts/subjects";
import { createLogger } from "@caxton/telemetry/logger";
import { expect, test } from "vitest";
import { startNatsServer } from "../../../../tests/harness/nats-server.ts";
import { Intake } from "./intake.ts";

const log = createLogger({ service: "router", id: "test", level: "silent" });
const agent = "reborn";

test("a router that slept while its inbox was made again takes nothing under the old life", async () => {
  const server = await startNatsServer();
  const bus = await connectBus({ url: server.url, name: "intake-test" });
  const first = await ensureAgentStreams(bus, agent);
  const taken: string[] = [];
  const all = Promise.withResolvers<void>();
  const intake = (room: () => number): Intake =>
    new Intake({
      bus,
      log,
      agent,
      ackWaitMs: 5_000,
      maxAckPending: 10,
      room,
      take(delivery, epoch) {
        taken.push(epoch);
        delivery.ackUnconfirmed();
        if (taken.length === 3) all.resolve();
      },
    });
  /** An intake without room, as it looks when it has its consumer. */
  const sleeping = async (): Promise<{ intake: Intake; wake(): void }> => {
    const opened = Promise.withResolvers<void>();
    let room = 0;
    const one = intake(() => {
      opened.resolve();
      return room;
    });
    await opened.promise;
    return {
      intake: one,
      wake() {
        room = 10;
        one.roomChanged();
      },
    };
  };
  const sleeper = await sleeping();
  await bus.streams.delete(inboxStream(agent));
  const second = await ensureAgentStreams(bus, agent);
  for (let count = 0; count < 3; count += 1) await bus.store(inboxSubject(agent), new Uint8Array());
  const other = await sleeping();
  sleeper.wake();
  await all.promise;
  expect(second).not.toBe(first);
  expect(taken).toEqual([second, second, second]);
  other.wake();
  await Promise.all([sleeper.intake.close(), other.intake.close()]);
  await bus.close();
  await server.stop();
});
