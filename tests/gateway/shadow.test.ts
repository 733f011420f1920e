import { randomUUID } from "node:crypto";
import { encodeJson } from "@caxton/bus/json";
import type { ShadowReport } from "@caxton/contracts/shadow";
import { shadowKey, shadowReportBucket } from "@caxton/contracts/subjects";
import { defaultShadow } from "@caxton/deployment/shadow/settings";
import { ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startLedger } from "../../services/ledger/src/service.ts";
import { startOrchestrator } from "../../services/orchestrator/src/service.ts";
import { historyOf, rolledOut } from "./deployment-history.ts";
import { type GatewayUnderTest, silent, startGatewayUnderTest } from "./gateway-harness.ts";

const artifactDigest = "c".repeat(64);
const agent = "watched";
const codeOf = (asked: Promise<unknown>): Promise<string | null> =>
  asked.then(
    () => expect.fail("it was not refused"),
    (error: unknown) => ConnectError.from(error).metadata.get("caxton-code"),
  );

let under: GatewayUnderTest;
let orchestrator: Awaited<ReturnType<typeof startOrchestrator>>;
let ledger: Awaited<ReturnType<typeof startLedger>>;

beforeAll(async () => {
  under = await startGatewayUnderTest();
  const { bus, eventStore } = under;
  ledger = await startLedger({ bus, log: silent, id: "ledger" });
  await (await bus.objects("caxton-artifacts")).put(artifactDigest, new Blob(["any bytes"]).stream());
  await under.append(agent, historyOf(rolledOut(agent, randomUUID())));
  orchestrator = await startOrchestrator({ bus, eventStore, log: silent, id: "orchestrator" });
});
afterAll(async () => {
  await orchestrator.close();
  await ledger.close();
  await under[Symbol.asyncDispose]();
});

const asked = (name = agent) => ({ agent: name, artifactDigest, context: { actor: "ada", reason: "a rewrite" } });

test("a shadow is asked for by gRPC as in the ADR, by JSON with a file, and by DeployAgent", async () => {
  const file = "deployment:\n  strategy: shadow\n  duration: 10m\n  sample: 10%\n";
  const byName = await under.grpc.createShadowDeployment({ deployment: asked() });
  const answer = await under.fetch("/caxton.v1.AgentDeployment/CreateShadowDeployment", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ deployment: asked(), deploymentFile: file, shadow: { ignore: ["$.at"] } }),
  });
  const byFile = (await answer.json()) as { readonly deploymentId: string };
  const byStrategy = await under.connect.deployAgent({ ...asked(), strategy: "shadow" });
  const found = await Promise.all(
    [byName, byFile, byStrategy].map(({ deploymentId }) => under.connect.getDeployment({ deploymentId })),
  );
  expect(found.map(({ strategy, state, queuePlace }) => [strategy, state, queuePlace])).toEqual(
    found.map(() => ["shadow", "Validating", 0]),
  );
  const usual = { durationMs: 3_600_000, sample: 1, tolerance: 1e-13, compare: defaultShadow.compare, ignore: [] };
  expect(found.map(({ shadow }) => shadow)).toMatchObject([
    usual,
    { ...usual, durationMs: 600_000, sample: 0.1, ignore: ["$.at"] },
    usual,
  ]);
  expect(found[0]?.steps.map(({ kind, watchMs }) => [kind, watchMs])).toEqual([
    ["validate", undefined],
    ["start", undefined],
    ["shadow", 3_600_000],
    ["finalize", undefined],
  ]);
});

test("what is wrong is refused, with what it is", async () => {
  const { createShadowDeployment, deployAgent } = under.connect;
  const deployment = asked();
  expect(await codeOf(createShadowDeployment({}))).toBe("invalid-argument");
  expect(await codeOf(createShadowDeployment({ deployment: asked("new") }))).toBe("no-live-version");
  expect(await codeOf(createShadowDeployment({ deployment, shadow: { compare: ["everything"] } }))).toBe(
    "invalid-argument",
  );
  expect(await codeOf(createShadowDeployment({ deployment, shadow: { ignore: ["at"] } }))).toBe("invalid-argument");
  expect(await codeOf(createShadowDeployment({ deployment, shadow: { sample: 2 } }))).toBe("invalid-command");
  expect(await codeOf(createShadowDeployment({ deployment, deploymentFile: "strategy: direct\n" }))).toBe(
    "invalid-argument",
  );
  expect(await codeOf(createShadowDeployment({ deployment, deploymentFile: "strategy: shadow\nignore: [at]\n" }))).toBe(
    "invalid-deployment-file",
  );
  expect(await codeOf(createShadowDeployment({ deployment: { ...deployment, strategy: "canary" } }))).toBe(
    "invalid-argument",
  );
  expect(await codeOf(deployAgent({ ...deployment, strategy: "shadow", blueGreen: {} }))).toBe("invalid-argument");
});

test("its report is served as it is stored, also before there is one and for what is no shadow", async () => {
  const { deployments } = await under.connect.listDeployments({ agent });
  const shadow = deployments.find(({ strategy }) => strategy === "shadow")?.id ?? "";
  const other = deployments.find(({ strategy }) => strategy !== "shadow")?.id ?? "";
  const { getShadowReport } = under.connect;
  expect(await codeOf(getShadowReport({ deploymentId: shadow }))).toBe("not-allowed-now");
  expect(await codeOf(getShadowReport({ deploymentId: other }))).toBe("invalid-argument");
  expect(await codeOf(getShadowReport({ deploymentId: "nothing" }))).toBe("unknown-deployment");
  const report: ShadowReport = emptyReport(shadow);
  const bucket = await under.bus.kv(shadowReportBucket);
  await bucket.put(shadowKey(agent, shadow), encodeJson({ report, progress: {} }));
  expect(await getShadowReport({ deploymentId: shadow })).toMatchObject({ deploymentId: shadow, report });
});

function emptyReport(deployment: string): ShadowReport {
  return {
    agent,
    deployment,
    version: "watched-v2-cccc0",
    state: "comparing",
    startedAtMs: 1,
    endsAtMs: 2,
    asOfMs: 1,
    settings: { ...defaultShadow, compare: [...defaultShadow.compare], ignore: [] },
    messages: { read: 0, notSampled: 0, notHandled: 0, compared: 0, equal: 0, different: 0, failed: 0, missed: 0 },
    perLive: [],
    differences: [],
    noise: [],
    self: { runs: 0, differed: 0, unanswered: 0 },
    failures: [],
    missed: { trimmed: 0, behind: 0, unanswered: 0 },
    latencyMs: { pairs: 0 },
    cpuMs: {},
    memoryBytes: {},
    instances: { ready: 1, restarts: 0 },
    behind: { outcomes: 0, ms: 0 },
  };
}
