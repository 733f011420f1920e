import { once } from "node:events";
import { createInterface } from "node:readline";
import { textAt } from "./json-path.ts";
import type { Stage } from "./stage.ts";

/** Where what `caxton up` started can be reached. */
export interface Addresses {
  readonly natsUrl: string;
  readonly httpUrl: string;
}

const anyFreePort = { CAXTON_NATS_PORT: "0", CAXTON_HTTP_PORT: "0", CAXTON_GRPC_PORT: "0" };
const startTimeoutMs = 30_000;

/** `caxton up` in the background, on free loopback ports, with its data in the demo's folder. */
export async function startCaxton(stage: Stage): Promise<Addresses> {
  const child = stage.start(["up", "--json"], anyFreePort);
  const timer = setTimeout(() => child.kill("SIGTERM"), startTimeoutMs);
  let errors = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (errors = (errors + text).slice(-4_000)));
  if (child.stdout === null) throw new Error("caxton up has no output");
  const lines = createInterface({ input: child.stdout });
  const first: readonly unknown[] = await Promise.race([once(lines, "line"), once(child, "close")]);
  clearTimeout(timer);
  const [line] = first;
  if (typeof line !== "string") throw new Error(`caxton up did not start:\n${errors}`);
  const addresses: unknown = JSON.parse(line);
  return { natsUrl: textAt(addresses, "natsUrl"), httpUrl: textAt(addresses, "httpUrl") };
}
