import { randomUUID } from "node:crypto";
import { encodeJson } from "@caxton/bus/json";
import type { StepProgress } from "@caxton/contracts/gen/caxton/v1/canary_pb.js";
import { verdictSubject } from "@caxton/contracts/subjects";
import type { WatchedStep } from "@caxton/contracts/watched-step";
import { ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startOrchestrator } from "../../services/orchestrator/src/service.ts";
import { canaryUnderWay, historyOf } from "./deployment-history.ts";
import { type GatewayUnderTest, silent, startGatewayUnderTest } from "./gateway-harness.ts";

const artifactDigest = "c".repeat(64);
const failure = (asked: Promise<unknown>): Promise<ConnectError> =>
  asked.then(
    () => expect.fail("it was not refused"),
    (error: unknown) => ConnectError.from(error),
  );
const codeOf = async (asked: Promise<unknown>): Promise<string | null> =>
  (await failure(asked)).metadata.get("caxton-code");

const deploymentFile = `deployment:
strategy: canary
stages:
- validate: 20s
- canary: 5% for 30s
- approve
- full: 100%
rollback_on:
- p99_latency > 1.5 × baseline for 10s
on_canary_failure: deadletter
`;

describe("a canary is asked for", () => {
  let under: GatewayUnderTest;
  let orchestrator: Awaited<ReturnType<typeof startOrchestrator>>;
  beforeAll(async () => {
    under = await startGatewayUnderTest();
    const { bus, eventStore } = under;
    orchestrator = await startOrchestrator({ bus, eventStore, log: silent, id: "orchestrator" });
    await (await bus.objects("caxton-artifacts")).put(artifactDigest, new Blob(["any bytes"]).stream());
  });
  afterAll(async () => {
    await orchestrator.close();
    await under[Symbol.asyncDispose]();
  });

  const asked = (agent: string) => ({ agent, artifactDigest, context: { actor: "ada", reason: "fewer false alarms" } });

  test("with nothing said it goes as the ADR's does, by DeployAgent too", async () => {
    const byName = await under.grpc.createCanaryDeployment({ deployment: asked("as-the-adr") });
    const byStrategy = await under.connect.deployAgent({ ...asked("by-strategy"), strategy: "canary" });
    for (const { deploymentId } of [byName, byStrategy]) {
      const { strategy, steps, judging, reason } = await under.connect.getDeployment({ deploymentId });
      expect([strategy, reason]).toEqual(["canary", "fewer false alarms"]);
      expect(steps.map(({ number, kind, share, watchMs }) => [number, kind, share, watchMs])).toEqual([
        [1, "validate", undefined, undefined],
        [2, "start", undefined, undefined],
        [3, "shift", 0.05, 300_000],
        [4, "shift", 0.25, 600_000],
        [5, "shift", 0.5, 600_000],
        [6, "shift", 1, undefined],
        [7, "finalize", undefined, undefined],
      ]);
      expect(steps.at(-1)?.cleanupMs).toBe(300_000);
      expect(judging).toMatchObject({
        rollbackOn: ["error_rate > 1%", "p99_latency > 100ms"],
        onInconclusive: "hold",
        maxHoldMs: 1_800_000,
        onCanaryFailure: "fallback",
      });
    }
  });

  test("with a file, and what stands beside it goes before what the file says", async () => {
    const canary = { steps: [{ share: 0.1, watchMs: 500 }, { share: 1 }], cleanupMs: 1_000 };
    const request = { deployment: asked("with-a-file"), deploymentFile, canary };
    const answer = await under.fetch("/caxton.v1.AgentDeployment/CreateCanaryDeployment", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request),
    });
    const { deploymentId } = (await answer.json()) as { readonly deploymentId: string };
    const { steps, judging } = await under.connect.getDeployment({ deploymentId });
    expect(steps.flatMap(({ share, watchMs }) => (share === undefined ? [] : [[share, watchMs]]))).toEqual([
      [0.1, 500],
      [1, undefined],
    ]);
    expect(steps.at(-1)?.cleanupMs).toBe(1_000);
    expect(judging).toMatchObject({
      rollbackOn: ["p99_latency > 1.5 × baseline for 10s"],
      onCanaryFailure: "deadletter",
    });
  });

  test("what is wrong is refused, a file with every place", async () => {
    const { createCanaryDeployment } = under.connect;
    const wrong = deploymentFile.replace("20s", "0s").replace("p99_latency", "p99_latncy");
    const refused = await failure(createCanaryDeployment({ deployment: asked("wrong"), deploymentFile: wrong }));
    expect(refused.metadata.get("caxton-code")).toBe("invalid-deployment-file");
    expect(refused.rawMessage).toMatch(
      /^4:13: '0s' is no time.*\n9:3: 'p99_latncy' is no metric.* did you mean p99_latency\?$/,
    );
    const withFile = (text: string) => createCanaryDeployment({ deployment: asked("wrong"), deploymentFile: text });
    expect(await codeOf(withFile("strategy: shadow\nduration: 1h\n"))).toBe("invalid-argument");
    expect(await codeOf(withFile("strategy: direct\n"))).toBe("invalid-argument");
    const withCanary = (canary: object) => createCanaryDeployment({ deployment: asked("wrong"), canary });
    expect(await codeOf(withCanary({ judging: { rollbackOn: ["error_rate > 5"] } }))).toBe("invalid-argument");
    expect(await codeOf(withCanary({ judging: { onInconclusive: "wait" } }))).toBe("invalid-argument");
    expect(await codeOf(withCanary({ steps: [{ share: 1.2 }] }))).toBe("invalid-command");
    expect(await codeOf(withCanary({ steps: [{ share: 0.5 }, { share: 0.2 }, { share: 1 }] }))).toBe(
      "invalid-argument",
    );
    expect(await codeOf(createCanaryDeployment({}))).toBe("invalid-argument");
    const direct = { ...asked("wrong"), strategy: "direct" };
    expect(await codeOf(createCanaryDeployment({ deployment: direct }))).toBe("invalid-argument");
    expect((await under.connect.listAgents({})).agents.map(({ name }) => name)).not.toContain("wrong");
  });

  test("what cannot be decided about it now is refused", async () => {
    const { promoteCanary, pauseDeployment, resumeDeployment, approveStep, rollbackDeployment } = under.connect;
    const { deploymentId } = await under.connect.createCanaryDeployment({ deployment: asked("validating") });
    for (const decide of [promoteCanary, pauseDeployment, resumeDeployment, approveStep, rollbackDeployment]) {
      expect(await codeOf(decide({ deploymentId }))).toBe("not-allowed-now");
      expect(await codeOf(decide({ deploymentId: "nothing" }))).toBe("unknown-deployment");
    }
    const direct = await under.connect.deployAgent(asked("direct-one"));
    expect((await failure(promoteCanary({ deploymentId: direct.deploymentId }))).rawMessage).toMatch(
      /no steps to promote/,
    );
  });
});

describe("a canary that is under way", () => {
  let under: GatewayUnderTest;
  const id = "0190a000-0000-7000-8000-00000000bbbb";
  const before = "0190a000-0000-7000-8000-00000000aaaa";
  const history = historyOf(canaryUnderWay("proc", before, id));
  beforeAll(async () => {
    under = await startGatewayUnderTest();
    await under.append("proc", history);
  });
  afterAll(() => under[Symbol.asyncDispose]());

  test("is shown with its step, and its story so far", async () => {
    const { state, step, steps, replaces } = await under.connect.getDeployment({ deploymentId: id });
    expect([state, replaces]).toEqual(["Deploying", "proc-v1-0aaaa"]);
    expect(step).toMatchObject({ number: 3, of: 7, kind: "shift", share: 0.05 });
    expect(step?.watchedUntil).toBeDefined();
    expect(steps[2]).toMatchObject({ routeRevision: 2, appliedMs: 100, decisions: [] });
    const [listed] = (await under.connect.listDeployments({ agent: "proc" })).deployments;
    expect([listed?.id, listed?.steps]).toEqual([id, []]);
  });

  test("is watched: what metrics-watchers see stands between the events, and nothing of another deployment", async () => {
    const seen: WatchedStep = {
      watcher: "watcher",
      deployment: id,
      step: 2,
      verdict: {
        outcome: "inconclusive",
        findings: [
          { metric: "error_rate", rule: "error_rate > 1%", outcome: "inconclusive", samples: 12, windowMs: 900 },
        ],
        asOfMs: 1,
      },
      counts: {
        handled: 12,
        failed: 0,
        fallbacks: 0,
        messageAtFault: 0,
        overflow: 1,
        stableHandled: 230,
        stableFailed: 0,
      },
    };
    const leave = new AbortController();
    const say = setInterval(() => {
      under.bus.publish(verdictSubject("proc"), encodeJson({ ...seen, deployment: randomUUID(), step: 5 }));
      under.bus.publish(verdictSubject("proc"), encodeJson(seen));
    }, 20);
    const said: string[] = [];
    let last: StepProgress | undefined;
    try {
      for await (const { event, progress } of under.connect.watchDeployment(
        { deploymentId: id },
        { signal: leave.signal },
      )) {
        said.push(event?.type ?? (progress === undefined ? "deployment" : `step ${progress.step}`));
        last = progress;
        if (said.length === 3) break;
      }
    } finally {
      clearInterval(say);
      leave.abort();
    }
    expect(said).toEqual(["deployment", "step 3", "step 3"]);
    expect(last).toMatchObject({
      verdict: { outcome: "inconclusive", findings: [{ samples: 12 }] },
      counts: { handled: 12, overflow: 1, stableHandled: 230 },
    });
  });

  test("is watched from its beginning", async () => {
    const types: string[] = [];
    for await (const { event } of under.connect.watchDeployment({ deploymentId: id, fromBeginning: true })) {
      types.push(event?.type ?? "none");
      if (types.length === 6) break;
    }
    expect(types).toEqual([
      "DeploymentRequested",
      "DeploymentStarted",
      "ValidationPassed",
      "VersionReady",
      "RouteChanged",
      "RouteApplied",
    ]);
  });

  test("is explained, also where no ledger answers, and its agent has a history", async () => {
    const explained = await under.grpc.explainDeployment({ deploymentId: "proc-v2" });
    expect([explained.deployment?.id, explained.ledger]).toEqual([id, undefined]);
    const { entries } = await under.connect.getHistory({ agent: "proc", deploymentId: id });
    expect(entries.every(({ commandId }) => commandId !== "")).toBe(true);
    expect(entries.map(({ type, actor, version }) => [type, actor, version])).toEqual([
      ["DeploymentRequested", "test", "proc-v2-0bbbb"],
      ["ValidationPassed", "test", "proc-v2-0bbbb"],
      ["RouteChanged", "test", "proc-v2-0bbbb"],
    ]);
    const newest = await under.connect.getHistory({ agent: "proc", limit: 1 });
    expect(newest.entries.map(({ text }) => text)).toEqual(["route revision 2: proc-v2-0bbbb 5%, proc-v1-0aaaa 95%"]);
  });
});
