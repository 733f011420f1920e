import { header, routeAckSubject } from "@caxton/contracts/subjects";
import { describe, expect, test } from "vitest";
import { startHotPath } from "../harness/hot-path.ts";

const target = (version: string) => [{ version, share: 1, messageTimeoutMs: 300 }];
const orders = (count: number): string[] => Array.from({ length: count }, (_, n) => JSON.stringify({ n }));

describe("a message's way", () => {
  test("2,000 messages become one outcome each, and their outputs appear once and in order", async () => {
    await using path = await startHotPath();
    await path.start("agent-host");
    await path.start("router");
    const slot = await path.deploy("echo", "echo-v1-aaaaa", "echo");
    expect(slot.isolation).toMatch(/^(cgroup-v[12]|data-limit|none)$/);
    await path.route("echo", { revision: 1, targets: target("echo-v1-aaaaa"), closed: [] });
    await path.send("echo", orders(2_000), { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" });

    const outcomes = await path.outcomes("echo", 2_000);
    expect(new Set(outcomes.map(({ sequence }) => sequence)).size).toBe(2_000);
    expect(new Set(outcomes.map(({ result }) => result))).toEqual(new Set(["handled"]));
    expect(outcomes[0]?.traceparent).toContain("0af7651916cd43dd");

    const outputs = await path.outbox("echo", 2_000);
    const expected = outcomes.map(({ epoch, sequence }) => `echo/${epoch}/${sequence}/0`);
    expect(outputs.map(({ headers }) => headers[header.output])).toEqual(expected);
    expect(outputs[0]?.headers[header.kind]).toBe("reply");
  });

  test("kill -9 of the version's process amid the flow: every message is handled, by its next process", async () => {
    await using path = await startHotPath();
    await path.start("agent-host");
    await path.start("router");
    const { pid = 0 } = await path.deploy("echo", "echo-v1-aaaaa", "echo");
    await path.route("echo", { revision: 1, targets: target("echo-v1-aaaaa"), closed: [] });
    const sending = path.send("echo", orders(4_000));
    await path.outcomes("echo", 500);
    process.kill(pid, "SIGKILL");
    await sending;
    const outcomes = await path.outcomes("echo", 4_000);
    expect(new Set(outcomes.map(({ sequence }) => sequence)).size).toBe(4_000);
    expect(new Set(outcomes.map(({ result }) => result))).toEqual(new Set(["handled"]));
    const slot = await path.slot("echo", "echo-v1-aaaaa", (status) => status?.state === "ready" && status.pid !== pid);
    expect(slot?.restarts).toBe(1);
  });

  test("a replacement amid the flow: the old version closes, nothing is lost, and routers say what they follow", async () => {
    await using path = await startHotPath();
    await path.start("agent-host");
    await path.start("router");
    const [v1, v2] = ["echo-v1-aaaaa", "echo-v2-bbbbb"];
    await path.deploy("echo", v1, "echo", { configuration: '{"v":1}' });
    await path.deploy("echo", v2, "echo", { configuration: '{"v":2}' });
    const acknowledged = Promise.withResolvers<void>();
    path.bus.subscribe(routeAckSubject("echo"), ({ data }) => {
      if (new TextDecoder().decode(data).includes('"revision":2')) acknowledged.resolve();
    });
    await path.route("echo", { revision: 1, targets: target(v1), closed: [] });
    const sending = path.send("echo", orders(4_000));
    await path.outcomes("echo", 500);
    await path.route("echo", { revision: 2, targets: target(v2), closed: [{ version: v1, revision: 2 }] });
    await path.slot("echo", v1, (status) => status?.state === "drained");
    await acknowledged.promise;
    await sending;
    const outcomes = await path.outcomes("echo", 4_000);
    expect(new Set(outcomes.map(({ sequence }) => sequence)).size).toBe(4_000);
    expect(new Set(outcomes.map((one) => `${one.result} ${one.version} ${one.attempts[0]?.routeRevision}`))).toEqual(
      new Set([`handled ${v1} 1`, `handled ${v2} 2`]),
    );
  });

  test("kill -9 of nats-server amid the flow, started again on its data: one outcome each, outputs once and in order", async () => {
    await using path = await startHotPath();
    await path.start("agent-host");
    await path.start("router");
    const { pid } = await path.deploy("echo", "echo-v1-aaaaa", "echo");
    await path.send("echo", orders(6_000));
    await path.route("echo", { revision: 1, targets: target("echo-v1-aaaaa"), closed: [] });
    await path.outbox("echo", 500);
    await path.server.restart();
    const outcomes = await path.outcomes("echo", 6_000);
    const outputs = await path.outbox("echo", 6_000);
    expect(new Set(outcomes.map(({ sequence }) => sequence)).size).toBe(6_000);
    const expected = outcomes.map(({ epoch, sequence }) => `echo/${epoch}/${sequence}/0`);
    expect(outputs.map(({ headers }) => headers[header.output])).toEqual(expected);
    // The bus was away, the process was not: it goes on in its slot.
    const slot = await path.slot("echo", "echo-v1-aaaaa", (status) => status?.state === "ready");
    expect(slot?.pid).toBe(pid);
  });
});
