import { expect, onTestFailed, test } from "vitest";
import { openScene } from "./scene.ts";
import { ledgerCounts, nothingWrong } from "./verdict.ts";
import { isLong } from "../harness/long.ts";

test.skipIf(!isLong)(
  "an inbox deleted and made again under traffic is another epoch: what it took is handled once, and nothing is mixed up",
  async () => {
    const scene = await openScene(1_000);
    onTestFailed(() => console.error(scene.cluster.logs()));
    try {
      for (const at of ["DeploymentStarted", "RouteChanged"]) {
        const { end, report } = await scene.replaceUnderTraffic(at, () => scene.makeInboxAgain());
        expect(report).toMatchObject(nothingWrong);
        expect(end).toBe("DeploymentCompleted");
        expect(report.accepted).toBeGreaterThan(0);
        expect(report.decidedEarlier).toBeGreaterThan(0);
        expect(await ledgerCounts(scene)).toEqual({ accepted: report.accepted, handled: report.handled, pending: 0 });
      }
    } finally {
      await scene.close();
    }
  },
);
