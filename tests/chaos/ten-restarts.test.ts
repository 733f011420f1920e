import { onTestFailed, expect, test } from "vitest";
import { outcomeStream } from "@caxton/contracts/subjects";
import { agent, openScene, type Scene } from "./scene.ts";
import { ledgerCounts, nothingWrong } from "./verdict.ts";
import { isLong } from "../harness/long.ts";

/** Of these two restarts each: one killed, one ended in order. */
const at = ["DeploymentRequested", "DeploymentStarted", "ValidationPassed", "VersionReady", "RouteChanged"];
const decidedBetween = 50;
const timeoutMs = 30_000;

/** Resolves when more messages were decided than now, so that every restart strikes a path at work. */
async function untilMoreDecided({ bus }: Scene): Promise<void> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const info = await bus.streams.info(outcomeStream(agent));
  const fromSequence = (info?.lastSequence ?? 0) + decidedBetween;
  for await (const _ of bus.streams.follow(outcomeStream(agent), { fromSequence, headersOnly: true, signal: deadline }))
    return;
  throw new Error(`fewer than ${decidedBetween} messages were decided in ${timeoutMs} ms`);
}

test.skipIf(!isLong)(
  "nats-server restarted ten times during traffic and deployments loses, doubles and falsifies nothing",
  { timeout: 300_000 },
  async () => {
    const scene = await openScene(1_000);
    onTestFailed(() => console.error(scene.cluster.logs()));
    try {
      for (const event of at) {
        const { version, end, report } = await scene.replaceUnderTraffic(event, async () => {
          for (const signal of ["SIGKILL", "SIGTERM"] as const) {
            await scene.cluster.nats.kill(signal);
            await scene.cluster.nats.restart();
            await untilMoreDecided(scene);
          }
        });
        expect(report).toMatchObject(nothingWrong);
        expect(end).toBe("DeploymentCompleted");
        expect(report.perVersion[version]?.handled).toBeGreaterThan(0);
        expect(await ledgerCounts(scene)).toEqual({ accepted: report.accepted, handled: report.handled, pending: 0 });
      }
    } finally {
      await scene.close();
    }
  },
);
