import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ensureAgentStreams } from "@caxton/bus/agent-streams";
import { connectBus } from "@caxton/bus/connect";
import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus, StoredMessage } from "@caxton/bus/types";
import { defaultLimits } from "@caxton/contracts/limits";
import { Outcome } from "@caxton/contracts/outcome";
import { type RouteEntry, SlotStatus, slotTtlMs, type VersionSpec } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import {
  artifactBucket,
  inboxSubject,
  outboxStream,
  outcomeStream,
  routeBucket,
  slotBucket,
  slotKey,
  versionBucket,
  versionKey,
} from "@caxton/contracts/subjects";
import { buildFixture } from "../fixtures/build-fixture.ts";
import { startNatsServer, type NatsServer } from "./nats-server.ts";
import { startServiceProcess, type ServiceProcess } from "./service-process.ts";

const outcomeSchema = checker("outcome", Outcome);
const slotStatus = checker("slot status", SlotStatus);
const encoder = new TextEncoder();

export interface HotPath extends AsyncDisposable {
  readonly server: NatsServer;
  readonly bus: Bus;
  /** What all services logged. */
  logs(): string;
  start(
    service: "router" | "agent-host" | "orchestrator",
    env?: Readonly<Record<string, string>>,
  ): Promise<ServiceProcess>;
  /** Uploads a fixture agent, asks for it to run, and resolves when its first instance is ready. */
  deploy(agent: string, version: string, fixture: string, more?: Partial<VersionSpec>): Promise<SlotStatus>;
  specify(agent: string, version: string, fixture: string, more?: Partial<VersionSpec>): Promise<void>;
  route(agent: string, route: Omit<RouteEntry, "agent">): Promise<void>;
  slot(
    agent: string,
    version: string,
    wanted: (status: SlotStatus | undefined) => boolean,
  ): Promise<SlotStatus | undefined>;
  send(
    agent: string,
    bodies: readonly (string | Uint8Array)[],
    headers?: Readonly<Record<string, string>>,
  ): Promise<void>;
  /** Resolves with the outcomes when there are `count`, each checked against its schema. */
  outcomes(agent: string, count: number): Promise<Outcome[]>;
  /** The same for what lies in the outbox. */
  outbox(agent: string, count: number): Promise<StoredMessage[]>;
}

/** A nats-server and a folder; services are started as processes of their own. */
export async function startHotPath(): Promise<HotPath> {
  const server = await startNatsServer();
  const bus = await connectBus({ url: server.url, name: "test" });
  const folder = await mkdtemp(join(tmpdir(), "caxton-path-"));
  const services: ServiceProcess[] = [];
  const lines: string[] = [];

  async function slot(
    agent: string,
    version: string,
    wanted: (status: SlotStatus | undefined) => boolean,
  ): Promise<SlotStatus | undefined> {
    const bucket = await bus.kv(slotBucket, { ttlMs: slotTtlMs });
    for (;;) {
      const entry = await bucket.get(slotKey(agent, version, 0));
      const status = entry === undefined ? undefined : slotStatus.check(decodeJson(entry.value));
      if (wanted(status)) return status;
      await delay(20);
    }
  }

  async function specify(
    agent: string,
    version: string,
    fixture: string,
    more: Partial<VersionSpec> = {},
  ): Promise<void> {
    await ensureAgentStreams(bus, agent);
    const bytes = await readFile(await buildFixture(fixture));
    const digest = createHash("sha256").update(bytes).digest("hex");
    const artifacts = await bus.objects(artifactBucket);
    if (!(await artifacts.has(digest))) await artifacts.put(digest, new Blob([Uint8Array.from(bytes)]).stream());
    const spec: VersionSpec = {
      agent,
      version,
      digest,
      deployment: "0190a000-0000-7000-8000-000000000000",
      configuration: "{}",
      limits: { ...defaultLimits, messageTimeoutMs: 300 },
      instances: 1,
      concurrency: 1,
      desired: "running",
      ...more,
    };
    await (await bus.kv(versionBucket)).put(versionKey(agent, version), encodeJson(spec));
  }

  async function stored(stream: string, count: number): Promise<StoredMessage[]> {
    const messages: StoredMessage[] = [];
    for await (const message of bus.streams.follow(stream)) {
      messages.push(message);
      if (messages.length >= count) break;
    }
    return messages;
  }

  return {
    server,
    bus,
    slot,
    specify,
    logs: () => lines.join("\n"),
    async start(service, env = {}) {
      const all = { CAXTON_NATS_URL: server.url, CAXTON_CACHE_DIR: join(folder, "cache"), ...env };
      const onLine = (line: string): void => void lines.push(line);
      const id = `${service}-${services.length}`;
      const started = await startServiceProcess({ service, id, env: all, onLine });
      services.push(started);
      return started;
    },
    async deploy(agent, version, fixture, more) {
      await specify(agent, version, fixture, more);
      const status = await slot(agent, version, (one) => one?.state === "ready" || one?.state === "failed");
      if (status?.state !== "ready") throw new Error(`${version} did not start: ${JSON.stringify(status)}`);
      return status;
    },
    async route(agent, route) {
      const entry: RouteEntry = { agent, ...route };
      await (await bus.kv(routeBucket)).put(agent, encodeJson(entry));
    },
    async send(agent, bodies, headers = {}) {
      const data = bodies.map((body) => (typeof body === "string" ? encoder.encode(body) : body));
      for (let at = 0; at < data.length; at += 500) {
        const part = data.slice(at, at + 500);
        await Promise.all(part.map((body) => bus.store(inboxSubject(agent), body, { headers })));
      }
    },
    async outcomes(agent, count) {
      const messages = await stored(outcomeStream(agent), count);
      return messages.map((message) => outcomeSchema.check(decodeJson(message.data)));
    },
    outbox: (agent, count) => stored(outboxStream(agent), count),
    async [Symbol.asyncDispose]() {
      for (const service of services) service.signal("SIGCONT");
      await Promise.all(services.map((service) => service.kill("SIGTERM")));
      await bus.close();
      await server.stop();
      // An instance whose host was killed may be writing its compile cache yet.
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}
