import type { ChildProcess } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { connectBus } from "@caxton/bus/connect";
import type { Bus } from "@caxton/bus/types";
import { AgentMessages } from "@caxton/contracts/gen/caxton/v1/messages_pb.js";
import { header, inboxStream, inboxSubject, outcomeStream } from "@caxton/contracts/subjects";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import { type Ended, ended, startCaxton } from "../cli/caxton-program.ts";
import { buildFixture } from "../fixtures/build-fixture.ts";
import { type Cluster, startCluster } from "../harness/cluster.ts";
import { deploymentFacts, publishDeploy, uploadArtifact } from "../harness/deployer.ts";

const agent = "mended";
const letters = 1_500;
const duplicateWindowMs = 100;
const services = ["orchestrator", "validator", "agent-host", "router", "ledger", "gateway", "gateway"];
const ends = ["DeploymentCompleted", "DeploymentFailed", "ValidationFailed"];
let cluster: Cluster;
let bus: Bus;

beforeAll(async () => {
  const env = { CAXTON_DUPLICATE_WINDOW_MS: String(duplicateWindowMs) };
  cluster = await startCluster({ services, env, linked: ["gateway-2"] });
  bus = await connectBus({ url: cluster.nats.url, name: "resend" });
  await deploy("moody");
  // The first version refuses them, the second does not.
  await accept(letters);
  await decided(letters);
  await deploy("echo");
}, 120_000);
afterAll(async () => {
  await bus.close();
  await cluster.stop();
}, 60_000);

async function deploy(fixture: string): Promise<void> {
  const digest = await uploadArtifact(bus, await buildFixture(fixture));
  const deployment = await publishDeploy(bus, agent, digest, "tests", { allowBreaking: "it is mended" });
  const facts = await deploymentFacts(bus, agent, deployment, ends, 60_000);
  expect(facts.at(-1)?.type).toBe("DeploymentCompleted");
}

async function accept(count: number): Promise<void> {
  for (let sent = 0; sent < count; sent += 500) {
    const bodies = Array.from({ length: Math.min(500, count - sent) }, (_, n) => ({ wish: "refuse", n: sent + n }));
    await Promise.all(bodies.map((body) => bus.store(inboxSubject(agent), Buffer.from(JSON.stringify(body)))));
  }
}

/** Resolves when so many messages were decided. */
async function decided(count: number): Promise<void> {
  for await (const { sequence } of bus.streams.follow(outcomeStream(agent), { headersOnly: true })) {
    if (sequence >= count) return;
  }
}

/** Resolves when `more` dead letters lie in the inbox again than now. */
async function sentAgain(more: number, signal: AbortSignal): Promise<void> {
  const fromSequence = ((await bus.streams.info(inboxStream(agent)))?.lastSequence ?? 0) + more;
  for await (const _ of bus.streams.follow(inboxStream(agent), { fromSequence, headersOnly: true, signal })) return;
}

/** Sends all again, strikes when `more` lie in the inbox again than when it began, and waits for the end of the command. */
async function brokenOff(more: number, strike: (command: ChildProcess) => Promise<unknown>): Promise<Ended> {
  const over = new AbortController();
  const amid = sentAgain(more, over.signal).then(() => "amid" as const);
  const command = resendAll();
  const end = ended(command);
  if ((await Promise.race([amid, end])) !== "amid") {
    over.abort();
    throw new Error(`it was over before ${more} were sent: ${JSON.stringify(await end)}`);
  }
  await strike(command);
  return await end;
}

/** `<epoch>/<sequence>` of the dead letters that inbox messages repeat, in their order. */
async function repeated(): Promise<string[]> {
  const found: string[] = [];
  for await (const { headers } of bus.streams.read(inboxStream(agent), { headersOnly: true })) {
    const repeats = headers[header.repeats];
    if (repeats !== undefined) found.push(repeats);
  }
  return found;
}

/** Where a gateway listens in its present life. */
function addressOf(name: string): string {
  const said = cluster
    .logs()
    .split("\n")
    .filter((line) => line.includes('"event":"listening"') && line.includes(`"id":"${name}"`));
  const url = /"http":"([^"]+)"/.exec(said.at(-1) ?? "")?.[1];
  if (url === undefined) throw new Error(`${name} does not say where it listens`);
  return url;
}

function resendAll(): ChildProcess {
  const child = startCaxton(["deadletter", "resend", agent, "--all", "--reason", "mended", "--json"], {
    cwd: cluster.folder,
    gateway: addressOf("gateway"),
    bare: true,
  });
  child.stdin?.end();
  return child;
}

test("a sending of all dead letters, broken off three times and continued, sends each once", async () => {
  onTestFailed(() => console.error(cluster.logs()));
  await brokenOff(50, async (command) => command.kill("SIGKILL"));
  const interrupted = await brokenOff(200, async (command) => command.kill("SIGINT"));
  expect(interrupted).toMatchObject({ exitCode: 130 });
  const abandoned = await brokenOff(200, () => cluster.kill("gateway"));
  expect(abandoned).toMatchObject({ exitCode: 6 });
  await cluster.restart("gateway");
  const before = await repeated();
  expect(before.length).toBeLessThan(letters);

  const finished = await ended(resendAll());
  expect(finished).toMatchObject({ exitCode: 0 });
  const report: unknown = JSON.parse(finished.stdout);
  expect(report).toMatchObject({ failed: 0 });
  const all = await repeated();
  expect(all).toHaveLength(letters);
  expect(new Set(all).size).toBe(letters);
  await decided(2 * letters);
});

test("a gateway stopped between the record of a sending and its message sends nothing that another has sent meanwhile", async () => {
  onTestFailed(() => console.error(cluster.logs()));
  await deploy("moody");
  await accept(1);
  const sequence = (await bus.streams.info(inboxStream(agent)))?.lastSequence ?? 0;
  await decided(sequence);
  const resend = (gateway: string) =>
    createClient(AgentMessages, createConnectTransport({ httpVersion: "1.1", baseUrl: addressOf(gateway) }))
      .resendDeadLetters({ agent, letters: [{ epoch: "", sequence }], actor: "ann", reason: "once", again: false })
      .then(({ results }) => results[0]);

  const link = cluster.linkOf("gateway-2");
  const held = link.holdFrom(`HPUB ${inboxSubject(agent)}.`);
  const late = resend("gateway-2");
  const [, , answerTo = ""] = (await held).split(" ");
  cluster.freeze("gateway-2");
  const sent = await resend("gateway");
  expect(sent).toMatchObject({ errorCode: "", already: false, resentAs: sequence + 1 });
  // The server knows no message by its id any more.
  await delay(duplicateWindowMs * 5);

  const answer = link.release(answerTo);
  cluster.thaw("gateway-2");
  expect(await answer).toContain('"err_code":10071');
  expect(await late).toMatchObject({ errorCode: "", already: true, resentAs: sequence + 1 });
  expect((await repeated()).filter((place) => place.endsWith(`/${sequence}`))).toHaveLength(1);
});
