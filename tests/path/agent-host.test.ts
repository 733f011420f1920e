import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { decodeJson, encodeJson } from "@caxton/bus/json";
import { RunAnswer } from "@caxton/contracts/agent-run";
import type { SlotStatus } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import { runSubject } from "@caxton/contracts/subjects";
import { describe, expect, test } from "vitest";
import { buildFixture } from "../fixtures/build-fixture.ts";
import { type HotPath, startHotPath } from "../harness/hot-path.ts";

const target = (version: string) => [{ version, share: 1, messageTimeoutMs: 300 }];
/** Where cgroups are of version 1; elsewhere there is nothing to see. */
const groups = "/sys/fs/cgroup/memory/caxton";
const patience = { timeout: 10_000, interval: 50 };
const runAnswer = checker("run answer", RunAnswer);
const v1 = "echo-v1-aaaaa";

async function untilGone(pid: number): Promise<void> {
  while (existsSync(`/proc/${pid}`)) await delay(10);
}

async function ask({ bus }: HotPath, version: string, routeRevision: number): Promise<RunAnswer> {
  const request = { routeRevision, budgetMs: 2_000, messages: [{ index: 0, id: "e/1", body: '{"n":1}' }] };
  const answer = await bus.request(runSubject("echo", version), encodeJson(request), { timeoutMs: 5_000 });
  return runAnswer.check(decodeJson(answer.data));
}

/** Agents are spread over the hosts by their names: one that came to this host. */
async function deployAt(path: HotPath, host: string): Promise<SlotStatus & { readonly agent: string }> {
  for (let number = 1; ; number += 1) {
    const agent = `other-${number}`;
    const status = await path.deploy(agent, v1, "echo");
    if (status.host.startsWith(host)) return { ...status, agent };
  }
}

describe("an instance", () => {
  test("refuses requests older than the revision that closed it, and waits for a route that it has not seen", async () => {
    await using path = await startHotPath();
    await path.start("agent-host");
    await path.deploy("echo", v1, "echo");
    await path.route("echo", { revision: 1, targets: target(v1), closed: [] });
    expect((await ask(path, v1, 1)).status).toBe("done");

    await path.route("echo", { revision: 2, targets: [], closed: [{ version: v1, revision: 2 }] });
    const drained = await path.slot("echo", v1, (status) => status?.state === "drained");
    expect(drained?.closedAtRevision).toBe(2);
    expect(await ask(path, v1, 1)).toMatchObject({ status: "refused", code: "stale-route", closedAtRevision: 2 });

    const early = ask(path, v1, 3);
    await path.bus.flush();
    await path.route("echo", { revision: 3, targets: target(v1), closed: [] });
    expect((await early).status).toBe("done");
    await path.slot("echo", v1, (status) => status?.state === "ready");
    expect((await ask(path, v1, 1)).status).toBe("refused");
  });

  test("has what it takes in memory in its slot", async () => {
    await using path = await startHotPath();
    await path.start("agent-host");
    await path.deploy("echo", v1, "echo");
    const { memoryBytes = 0 } = (await path.slot("echo", v1, (status) => status?.memoryBytes !== undefined)) ?? {};
    expect(memoryBytes / 2 ** 20).toBeGreaterThan(20);
    expect(memoryBytes / 2 ** 20).toBeLessThan(500);
  });

  test("is stopped when it is no longer wanted, and its slot is freed", async () => {
    await using path = await startHotPath();
    await path.start("agent-host");
    const { pid } = await path.deploy("echo", v1, "echo");
    await path.specify("echo", v1, "echo", { desired: "stopped" });
    expect(await path.slot("echo", v1, (status) => status === undefined)).toBeUndefined();
    await untilGone(pid ?? 0);
  });

  test("goes with its host, and another host takes the slot over", async () => {
    await using path = await startHotPath();
    const first = await path.start("agent-host");
    const { pid, instance } = await path.deploy("echo", v1, "echo");
    await path.start("agent-host");
    await first.kill("SIGKILL");
    const killedAtMs = performance.now();
    await untilGone(pid ?? 0);
    const next = await path.slot("echo", v1, (status) => status?.state === "ready" && status.instance !== instance);
    expect(next?.host).not.toBe(undefined);
    expect(performance.now() - killedAtMs).toBeLessThan(8_000);
  });

  test("that hangs when its host is killed is ended by the next host that starts, and nobody else's is", async () => {
    await using path = await startHotPath();
    const killed = await path.start("agent-host");
    const { pid = 0 } = await path.deploy("echo", v1, "echo");
    await path.start("agent-host");
    const other = await deployAt(path, "agent-host-1.");
    // It does not hear that its host is gone.
    process.kill(pid, "SIGSTOP");
    const groupsOf = async (host: number): Promise<readonly string[]> =>
      (await readdir(groups).catch(() => [])).filter((name) => name.startsWith(`${host}-`));
    const hostPid = killed.pid;
    await killed.kill("SIGKILL");
    expect(existsSync(`/proc/${pid}`)).toBe(true);

    await path.start("agent-host");
    await untilGone(pid);
    await expect.poll(() => path.logs(), patience).toMatch(new RegExp(`"pids":\\[(\\d+,)*${pid}[,\\]]`));
    expect(await groupsOf(hostPid)).toEqual([]);
    const next = await path.slot(other.agent, v1, (status) => status?.state === "ready");
    expect([next?.instance, next?.pid, existsSync(`/proc/${other.pid}`)]).toEqual([other.instance, other.pid, true]);
  });

  test("that does not start three times is failed, with the reason", async () => {
    await using path = await startHotPath();
    await path.start("agent-host");
    await path.specify("echo", v1, "traps-in-describe");
    const failed = await path.slot("echo", v1, (status) => status?.state === "failed");
    expect(failed).toMatchObject({ code: "start-failed", restarts: 3 });
    expect(failed?.reason).toContain("describe() trapped");
  });

  test("that has failed is ready after all once it can be started", async () => {
    await using path = await startHotPath();
    await path.start("agent-host");
    const digest = createHash("sha256")
      .update(await readFile(await buildFixture("moody")))
      .digest("hex");
    await path.specify("echo", v1, "echo", { digest });
    const failed = await path.slot("echo", v1, (status) => status?.state === "failed");
    expect(failed?.code).toBe("unknown-artifact");
    // Uploads what the other version lacks.
    await path.specify("moody", "moody-v1-aaaaa", "moody");
    const ready = await path.slot("echo", v1, (status) => status?.state !== "failed");
    expect(ready).toMatchObject({ state: "ready", host: failed?.host });
    expect(ready?.code).toBeUndefined();
  });

  test("whose main thread stands still is killed and replaced", async () => {
    await using path = await startHotPath();
    await path.start("agent-host");
    const { pid = 0, instance } = await path.deploy("echo", v1, "echo");
    process.kill(pid, "SIGSTOP");
    const next = await path.slot("echo", v1, (status) => status?.state === "ready" && status.instance !== instance);
    expect(next?.restarts).toBe(1);
    await untilGone(pid);
  });

  test("is not blamed for the time in which its host stood still", async () => {
    await using path = await startHotPath();
    const host = await path.start("agent-host");
    const { pid, instance } = await path.deploy("echo", v1, "echo");
    host.signal("SIGSTOP");
    await path.slot("echo", v1, (status) => status === undefined);
    // Longer than an instance may be silent.
    await delay(6_000);
    host.signal("SIGCONT");
    await path.slot("echo", v1, (status) => status?.state === "ready");
    await path.route("echo", { revision: 1, targets: target(v1), closed: [] });
    // And for the two rounds of pings after it.
    await delay(2_000);
    expect((await ask(path, v1, 1)).status).toBe("done");
    expect(await path.slot("echo", v1, () => true)).toMatchObject({ state: "ready", pid, instance, restarts: 0 });
  });
});

test.each([["router", "CAXTON_ACK_WAIT_MS", "soon"]] as const)(
  "%s does not start with a %s of '%s'",
  async (service, name, value) => {
    await using path = await startHotPath();
    await expect(path.start(service, { [name]: value })).rejects.toThrow("ended before it was ready");
    expect(path.logs()).toContain("invalid-argument");
    expect(path.logs()).toContain(name);
  },
);
