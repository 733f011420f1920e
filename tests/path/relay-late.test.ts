import { setTimeout as delay } from "node:timers/promises";
import { ensureAgentStreams } from "@caxton/bus/agent-streams";
import { header, inboxStream, inboxSubject } from "@caxton/contracts/subjects";
import { expect, test } from "vitest";
import { type HeldLink, openHeldLink } from "../harness/held-link.ts";
import { type HotPath, startHotPath } from "../harness/hot-path.ts";
import { relayHolder } from "../harness/relay-lanes.ts";
import type { ServiceProcess } from "../harness/service-process.ts";

const agent = "fans-out";
const version = "fans-v1-aaaaa";
const route = { revision: 1, targets: [{ version, share: 1, messageTimeoutMs: 1_000 }], closed: [] };
const duplicateWindowMs = 100;
const rounds = 20;

interface Router {
  readonly process: ServiceProcess;
  readonly link: HeldLink;
}

async function addRouter(path: HotPath): Promise<Router> {
  const link = await openHeldLink(path.server.url);
  const process = await path.start("router", { CAXTON_NATS_URL: link.url, CAXTON_ACK_WAIT_MS: "2000" });
  return { link, process };
}

async function outputIds({ bus }: HotPath): Promise<(string | undefined)[]> {
  const messages = await Array.fromAsync(bus.streams.read(inboxStream("archive")));
  return messages.map(({ headers }) => headers[header.output]);
}

test("what a stopped relay had on its way to another agent's inbox, and another has sent meanwhile, is refused when it arrives", async () => {
  await using path = await startHotPath();
  await path.start("agent-host");
  const routers = [await addRouter(path), await addRouter(path)];
  await using links = new AsyncDisposableStack();
  for (const { link } of routers) links.defer(() => link.close());
  await ensureAgentStreams(path.bus, "archive", { duplicateWindowMs });
  await path.deploy(agent, version, "fans-out");
  await path.route(agent, route);

  const holder = await relayHolder(path.bus, agent);
  const stopped = routers[holder === "router-1" ? 0 : 1];
  if (stopped === undefined) throw new Error(`${holder} is no router of this test`);
  const held = stopped.link.holdFrom(`HPUB ${inboxSubject("archive")}.`);
  await path.send(agent, [JSON.stringify({ n: 1, rounds, to: ["archive"] })]);
  const [, , answerTo = ""] = (await held).split(" ");
  stopped.process.signal("SIGSTOP");
  await relayHolder(path.bus, agent, holder);
  await expect.poll(async () => (await outputIds(path)).length, { timeout: 15_000 }).toBe(rounds);
  // The server knows none of them by its id any more.
  await delay(duplicateWindowMs * 5);

  const answer = stopped.link.release(answerTo);
  stopped.process.signal("SIGCONT");
  expect(await answer).toContain('"err_code":10071');
  // What else it had on its way has arrived when it is gone.
  await stopped.process.kill("SIGTERM");
  const ids = await outputIds(path);
  expect(ids).toHaveLength(rounds);
  expect(new Set(ids).size).toBe(rounds);
});
