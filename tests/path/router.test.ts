import { header } from "@caxton/contracts/subjects";
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
});
