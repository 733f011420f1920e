import { fileURLToPath } from "node:url";
import { decodeJson } from "@caxton/bus/json";
import { RouteAck } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import { routeAckSubject } from "@caxton/contracts/subjects";
import { startHotPath } from "../../tests/harness/hot-path.ts";
import { agent, version } from "./routed-side.ts";

const routers = 2;
const routeAck = checker("route ack", RouteAck);

/** From writing a new route revision until the last of two routers said that it follows it, ms, `count` times. */
export async function routeChangeTimes(count: number): Promise<readonly number[]> {
  await using path = await startHotPath();
  await path.start("agent-host");
  for (let started = 0; started < routers; started += 1) await path.start("router");
  await path.deploy(agent, version, fileURLToPath(new URL("../agents/every.js", import.meta.url)), {});
  const followers = new Map<string, number>();
  let changed = (): void => undefined;
  const subscription = path.bus.subscribe(routeAckSubject(agent), (message) => {
    const { router, revision } = routeAck.check(decodeJson(message.data));
    followers.set(router, revision);
    changed();
  });
  await subscription.ready;

  async function changeTo(revision: number): Promise<number> {
    const startedMs = performance.now();
    await path.route(agent, { revision, targets: [{ version, share: 1, messageTimeoutMs: 1_000 }], closed: [] });
    while ([...followers.values()].filter((followed) => followed >= revision).length < routers) {
      await new Promise<void>((resolve) => (changed = resolve));
    }
    return performance.now() - startedMs;
  }

  await changeTo(1);
  const timesMs: number[] = [];
  for (let revision = 2; revision < count + 2; revision += 1) timesMs.push(await changeTo(revision));
  subscription.close();
  return timesMs;
}
