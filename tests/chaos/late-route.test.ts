import { decodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { RouteEntry } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import { routeBucket, workLeaseKey } from "@caxton/contracts/subjects";
import { expect, onTestFailed, test } from "vitest";
import { leaseHolder } from "../harness/leases.ts";
import { agent, openScene } from "./scene.ts";
import { ledgerCounts, nothingWrong } from "./verdict.ts";

/** Several strikes and a wait for each: on a busy machine minutes. */
const timeout = 240_000;
const orchestrators = ["orchestrator", "orchestrator-2"];
const services = [...orchestrators.map(() => "orchestrator"), "validator", "agent-host", "router", "router", "ledger"];
const routeEntry = checker("route", RouteEntry);
/** How nats-server refuses what does not follow the sequence it expects. */
const wrongSequence = '"err_code":10071';

/** Revisions as they are written, from the one in force on. */
function recordRevisions(
  bus: Bus,
  signal: AbortSignal,
): { readonly revisions: number[]; readonly ended: Promise<void> } {
  const revisions: number[] = [];
  async function record(): Promise<void> {
    for await (const change of (await bus.kv(routeBucket)).watch({ key: agent, signal })) {
      if (change.type === "put") revisions.push(routeEntry.check(decodeJson(change.entry.value)).revision);
    }
  }
  return { revisions, ended: record() };
}

test(
  "a route that a stopped orchestrator wrote, and that arrives two routes later, is refused and changes nothing",
  { timeout },
  async () => {
    const scene = await openScene(1_000, { services, instances: 1, linked: orchestrators });
    onTestFailed(() => console.error(scene.cluster.logs()));
    const { bus, cluster } = scene;
    const stop = new AbortController();
    try {
      const recorded = recordRevisions(bus, stop.signal);
      const holder = await leaseHolder(bus, workLeaseKey);
      const [stopped = ""] = holder.split(".");
      const link = cluster.linkOf(stopped);
      const written = link.holdFrom(`HPUB $KV.${routeBucket}.${agent} `);
      let answerSubject = "";

      const first = await scene.replaceUnderTraffic("ValidationPassed", async () => {
        answerSubject = (await written).split(" ")[2] ?? "";
        cluster.freeze(stopped);
        await leaseHolder(bus, workLeaseKey, holder);
      });
      expect(first).toMatchObject({ end: "DeploymentCompleted", report: nothingWrong });
      const second = await scene.replaceUnderTraffic("RouteChanged", async () => {});
      expect(second).toMatchObject({ end: "DeploymentCompleted", report: nothingWrong });

      const third = await scene.replaceUnderTraffic("DeploymentStarted", async () => {
        const answer = link.release(answerSubject);
        cluster.thaw(stopped);
        expect(await answer).toContain(wrongSequence);
      });
      expect(third).toMatchObject({ end: "DeploymentCompleted", report: nothingWrong });
      expect(third.report.perVersion[third.version]?.handled).toBeGreaterThan(0);
      expect(await ledgerCounts(scene)).toMatchObject({ accepted: third.report.accepted, pending: 0 });
      stop.abort();
      await recorded.ended;
      expect(recorded.revisions).toEqual([1, 2, 3, 4]);
    } finally {
      stop.abort();
      await scene.close();
    }
  },
);
