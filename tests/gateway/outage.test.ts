import { describe, expect, test } from "vitest";
import { historyOf, rolledOut } from "./deployment-history.ts";
import { startGatewayUnderTest } from "./gateway-harness.ts";

const deployment = "0190a000-0000-7000-8000-00000000aaaa";

describe("kill -9 of nats-server", () => {
  test("reads are served meanwhile, readiness says it, and what is stored afterwards is shown", async () => {
    await using under = await startGatewayUnderTest();
    const history = historyOf(rolledOut("proc", deployment));
    await under.append("proc", history.slice(0, 2));
    const lost = new Promise<void>((resolve) => {
      under.bus.onStatus((status) => {
        if (status === "disconnected") resolve();
      });
    });
    await under.nats.kill();
    await lost;
    expect((await under.connect.getDeployment({ deploymentId: deployment })).state).toBe("Validating");
    expect((await under.fetch("/readyz")).status).toBe(503);
    expect((await under.fetch("/healthz")).status).toBe(200);
    await under.nats.restart();
    await under.append("proc", history.slice(2));
    expect((await under.connect.getDeployment({ deploymentId: deployment })).state).toBe("Running");
    expect((await under.fetch("/readyz")).status).toBe(200);
  });
});

describe("closing", () => {
  test("ends at once with watchers on both listeners, and says so to them", async () => {
    const under = await startGatewayUnderTest();
    await under.append("proc", historyOf(rolledOut("proc", deployment)));
    const watches = [under.connect, under.grpc].map(async (client) => {
      const seen = client.watchDeployment({ deploymentId: deployment })[Symbol.asyncIterator]();
      await seen.next();
      return {
        ended: seen.next().then(
          () => "ended",
          () => "failed",
        ),
      };
    });
    const open = await Promise.all(watches);
    const startedMs = performance.now();
    await under.gateway.close();
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    expect(await Promise.all(open.map(({ ended }) => ended))).toEqual(["failed", "failed"]);
    await under.eventStore.close();
    await under.bus.close();
    await under.nats.stop();
  });
});
