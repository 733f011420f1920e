import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFailed, test } from "vitest";
import { audit } from "../auditor/audit.ts";
import { forwardsTo, type Rule } from "../auditor/expected.ts";
import type { AuditReport } from "../auditor/report.ts";
import { type HotPath, startHotPath } from "../harness/hot-path.ts";
import { readCatalogue, startProducer } from "../harness/producer.ts";
import { relayHolder } from "../harness/relay-lanes.ts";
import type { ServiceProcess } from "../harness/service-process.ts";
import { nothingWrong } from "./verdict.ts";

/** Several strikes and a wait for each: on a busy machine minutes. */
const timeout = 240_000;
const agent = "quake-watch";
const settleTimeoutMs = 60_000;
const env = { CAXTON_ACK_WAIT_MS: "2000" };

/** Two routers; one that is killed is followed by another. */
class Routers {
  readonly #path: HotPath;
  readonly #processes = new Map<string, ServiceProcess>();

  constructor(path: HotPath) {
    this.#path = path;
  }

  async add(): Promise<void> {
    this.#processes.set(`router-${this.#processes.size + 1}`, await this.#path.start("router", env));
  }

  /** Kills the one that relays for `from`. */
  async killRelay(from: string): Promise<void> {
    await this.#processes.get(await relayHolder(this.#path.bus, from))?.kill("SIGKILL");
    await this.add();
  }

  /** Stops the one that relays for `from` until another does. */
  async freezeRelay(from: string): Promise<void> {
    const holder = await relayHolder(this.#path.bus, from);
    this.#processes.get(holder)?.signal("SIGSTOP");
    await relayHolder(this.#path.bus, from, holder);
    this.#processes.get(holder)?.signal("SIGCONT");
  }
}

async function deploy(path: HotPath, name: string, version: string, fixture: string): Promise<void> {
  await path.deploy(name, version, fixture);
  const targets = [{ version, share: 1, messageTimeoutMs: 1_000 }];
  await path.route(name, { revision: 1, targets, closed: [] });
}

async function startPath(): Promise<{ readonly path: HotPath; readonly routers: Routers }> {
  const path = await startHotPath();
  onTestFailed(() => console.error(path.logs()));
  await path.start("agent-host");
  const routers = new Routers(path);
  await routers.add();
  await routers.add();
  return { path, routers };
}

function report(
  { server }: HotPath,
  of: string,
  rules: Readonly<Record<string, Rule>>,
  more: Partial<Parameters<typeof audit>[0]>,
): Promise<AuditReport> {
  return audit({ url: server.url, agent: of, acknowledged: [], rules, settleTimeoutMs, ...more });
}

test(
  "what an agent says to another arrives once and is handled once, whatever is struck between them",
  { timeout },
  async () => {
    const { path, routers } = await startPath();
    await using _ = path;
    await deploy(path, forwardsTo, "desk-v1-aaaaa", "quake-desk");
    await deploy(path, agent, "quake-v1-aaaaa", "quake-forwards");
    const producer = await startProducer({
      url: path.server.url,
      agent,
      bodies: await readCatalogue(),
      perSecond: 400,
    });
    await producer.reached(400);
    await routers.killRelay(agent);
    await producer.reached(1_000);
    await path.server.restart();
    await producer.reached(1_600);
    await routers.freezeRelay(agent);
    await producer.reached(2_200);
    await routers.killRelay(forwardsTo);
    await producer.reached(2_600);
    await producer.stop();

    const { acknowledged } = producer;
    const first = await report(
      path,
      agent,
      { "quake-v1-aaaaa": "v1-and-forwards" },
      { acknowledged, targets: [forwardsTo] },
    );
    expect(first).toMatchObject(nothingWrong);
    const second = await report(path, forwardsTo, { "desk-v1-aaaaa": "desk" }, {});
    expect(second).toMatchObject(nothingWrong);
    const alerts = first.perVersion["quake-v1-aaaaa"]?.outputs ?? 0;
    expect(second.accepted).toBe(alerts / 2);
    expect(second.accepted).toBeGreaterThan(300);
  },
);

test(
  "a circle of two agents ends at the hop bound, each ball once, whatever is struck meanwhile",
  { timeout },
  async () => {
    const { path, routers } = await startPath();
    await using _ = path;
    const agents = ["circle-a", "circle-b"];
    const [version, balls] = ["circle-v1-aaaaa", 200];
    for (const name of agents) await deploy(path, name, version, "circle");
    const bodies = [JSON.stringify({ to: "circle-b", from: "circle-a" })];
    // Under its own id, so that there are as many balls as were acknowledged.
    const throwing = { agent: "circle-a", bodies, kind: "ball", perSecond: 100, keepsIds: true };
    const producer = await startProducer({ url: path.server.url, ...throwing });
    await producer.reached(balls / 4);
    await routers.killRelay("circle-a");
    await producer.reached(balls / 2);
    await path.server.restart();
    await routers.freezeRelay("circle-b");
    await producer.reached(balls);
    await producer.stop();

    const thrown = producer.acknowledged.length;
    // Hops 0 to 16 are handled, by the one and the other; the seventeenth is not.
    const lastOfEach = path.outcomes("circle-b", thrown * 9);
    await Promise.race([lastOfEach, delay(settleTimeoutMs)]);
    const first = await report(path, "circle-a", { [version]: "circle" }, { targets: ["circle-b"] });
    expect(first).toMatchObject({ ...nothingWrong, accepted: thrown * 9 });
    const second = await report(path, "circle-b", { [version]: "circle" }, { targets: ["circle-a"] });
    expect(second).toMatchObject({ ...nothingWrong, accepted: thrown * 9, deadLettered: thrown });
  },
);
