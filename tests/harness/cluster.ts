import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type HeldLink, openHeldLink } from "./held-link.ts";
import { startNatsServer, type NatsServer } from "./nats-server.ts";
import { startServiceProcess, type ServiceProcess } from "./service-process.ts";

export interface ClusterOptions {
  /** Folders under services/; one process each. What is listed twice runs twice: `router`, `router-2`. */
  readonly services: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Names of processes whose way to nats-server can be held up. */
  readonly linked?: readonly string[];
}

/** A nats-server and every service as a real process of its own, on 127.0.0.1 with its data in a temporary folder. */
export interface Cluster {
  readonly nats: NatsServer;
  readonly folder: string;
  /** Resolves when the process is gone; it stays away until `restart`. */
  kill(name: string, signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again under the same name; resolves when it is ready. */
  restart(name: string): Promise<void>;
  freeze(name: string): void;
  thaw(name: string): void;
  pidOf(name: string): number;
  /** Of one that is `linked`. */
  linkOf(name: string): HeldLink;
  /** What all processes wrote, in the order it came; to be shown when a test fails. */
  logs(): string;
  stop(): Promise<void>;
}

const linesMax = 2_000;
/** More would only make each other late. */
const startedAtOnce = 3;

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const nats = await startNatsServer();
  const folder = await mkdtemp(join(tmpdir(), "caxton-cluster-"));
  const lines: string[] = [];
  const processes = new Map<string, ServiceProcess>();
  const serviceOf = nameAll(options.services);
  const links = new Map<string, HeldLink>();
  for (const name of options.linked ?? []) links.set(name, await openHeldLink(nats.url));
  const env = {
    CAXTON_NATS_URL: nats.url,
    CAXTON_CACHE_DIR: join(folder, "cache"),
    CAXTON_HTTP_PORT: "0",
    CAXTON_GRPC_PORT: "0",
    ...options.env,
  };

  async function start(name: string): Promise<void> {
    const service = serviceOf.get(name);
    if (service === undefined)
      throw new Error(`no service '${name}' in this cluster: ${[...serviceOf.keys()].join(", ")}`);
    const onLine = (line: string): void => {
      lines.push(line.startsWith("{") ? line : `${name}: ${line}`);
      if (lines.length > linesMax) lines.shift();
    };
    const link = links.get(name);
    const own = link === undefined ? env : { ...env, CAXTON_NATS_URL: link.url };
    processes.set(name, await startServiceProcess({ service, id: name, env: own, onLine }));
  }

  function running(name: string): ServiceProcess {
    const found = processes.get(name);
    if (found === undefined) throw new Error(`'${name}' does not run: ${[...processes.keys()].join(", ")}`);
    return found;
  }

  /** Orderly first, so that hosts end their versions; what does not go within 5 s is killed. */
  async function end(one: ServiceProcess): Promise<void> {
    one.signal("SIGCONT");
    const impatience = setTimeout(() => one.signal("SIGKILL"), 5_000);
    await one.kill("SIGTERM");
    clearTimeout(impatience);
  }

  async function stop(): Promise<void> {
    await Promise.all([...processes.values()].map(end));
    await Promise.all([...links.values()].map((link) => link.close()));
    await nats.stop();
    await rm(folder, { recursive: true, force: true });
  }

  try {
    // Whoever makes the streams and buckets comes first.
    const [first, ...others] = serviceOf.keys();
    if (first !== undefined) await start(first);
    for (let at = 0; at < others.length; at += startedAtOnce) {
      await Promise.all(others.slice(at, at + startedAtOnce).map(start));
    }
  } catch (error) {
    await stop();
    throw new Error(`the cluster did not start; its log ends:\n${lines.slice(-40).join("\n")}`, { cause: error });
  }

  return {
    nats,
    folder,
    kill: (name, signal = "SIGKILL") => running(name).kill(signal),
    restart: start,
    freeze: (name) => running(name).signal("SIGSTOP"),
    thaw: (name) => running(name).signal("SIGCONT"),
    pidOf: (name) => running(name).pid,
    linkOf(name) {
      const link = links.get(name);
      if (link === undefined) throw new Error(`'${name}' is not linked: ${[...links.keys()].join(", ")}`);
      return link;
    },
    logs: () => lines.join("\n"),
    stop,
  };
}

function nameAll(services: readonly string[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const counts = new Map<string, number>();
  for (const service of services) {
    const count = (counts.get(service) ?? 0) + 1;
    counts.set(service, count);
    names.set(count === 1 ? service : `${service}-${count}`, service);
  }
  return names;
}
