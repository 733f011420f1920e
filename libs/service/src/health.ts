import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { Bus } from "@caxton/bus/types";
import { CaxtonError } from "@caxton/contracts/errors";
import { prometheusContentType, prometheusText } from "@caxton/telemetry/prometheus-text";
import type { Metrics } from "@caxton/telemetry/registry";

/** Why a service cannot do its work now, in words; empty when it can. */
export type ReadinessCheck = () => readonly string[] | Promise<readonly string[]>;

/** What one process says of itself over HTTP, whatever listens. */
export interface Health {
  readonly metrics: Metrics;
  /** Adds a part that must be ready. @returns how to take it out again */
  require(part: string, check: ReadinessCheck): () => void;
  /** Each reason begins with its part: `router: …`. */
  reasons(): Promise<readonly string[]>;
}

const checkTimeoutMs = 1_000;

export function createHealth(metrics: Metrics): Health {
  const checks = new Set<{ readonly part: string; readonly check: ReadinessCheck }>();
  return {
    metrics,
    require(part, check) {
      const entry = { part, check };
      checks.add(entry);
      return () => {
        checks.delete(entry);
      };
    },
    async reasons() {
      const found = await Promise.all([...checks].map(({ part, check }) => reasonsOf(part, check)));
      return found.flat();
    },
  };
}

async function reasonsOf(part: string, check: ReadinessCheck): Promise<readonly string[]> {
  const { promise: late, resolve } = Promise.withResolvers<readonly string[]>();
  const timer = setTimeout(() => resolve([`no answer within ${checkTimeoutMs} ms`]), checkTimeoutMs);
  try {
    const reasons = await Promise.race([check(), late]);
    return reasons.map((reason) => `${part}: ${reason}`);
  } catch (error) {
    return [`${part}: ${error instanceof Error ? error.message : String(error)}`];
  } finally {
    clearTimeout(timer);
  }
}

/** Ready needs a bus that answers: a server that is gone or frozen is none. */
export function requireBus(health: Health, part: string, bus: Bus): void {
  health.require(part, async () => {
    if (bus.status !== "connected") return [`the bus is ${bus.status}`];
    await bus.flush();
    return [];
  });
}

export interface HealthAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** `/healthz`, `/readyz` and `/metrics`; undefined for any other path. */
export async function healthAnswer(health: Health, path: string): Promise<HealthAnswer | undefined> {
  switch (path) {
    case "/healthz":
      return json(200, { status: "ok" });
    case "/readyz": {
      const reasons = await health.reasons();
      return reasons.length === 0 ? json(200, { status: "ready" }) : json(503, { status: "not-ready", reasons });
    }
    case "/metrics":
      return {
        status: 200,
        contentType: prometheusContentType,
        body: prometheusText(await health.metrics.collect()),
      };
    default:
      return undefined;
  }
}

function json(status: number, value: unknown): HealthAnswer {
  return { status, contentType: "application/json; charset=utf-8", body: `${JSON.stringify(value)}\n` };
}

export interface HealthListener {
  readonly url: string;
  close(): void;
}

/** @throws CaxtonError `invalid-argument` where the port is taken */
export async function listenForHealth(
  health: Health,
  address: { readonly host: string; readonly port: number },
): Promise<HealthListener> {
  const { host, port } = address;
  const server = createServer((request, response) => void answer(health, request, response));
  server.listen(port, host);
  await once(server, "listening").catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    const what = `cannot listen for health on ${host}:${port} (${why})`;
    throw new CaxtonError("invalid-argument", `${what}; set CAXTON_HEALTH_PORT to another port, 0 takes a free one`, {
      cause: error,
    });
  });
  server.unref();
  const bound = server.address();
  const boundPort = typeof bound === "object" && bound !== null ? bound.port : port;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${boundPort}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(health: Health, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const isRead = request.method === "GET" || request.method === "HEAD";
  const found = isRead ? await healthAnswer(health, (request.url ?? "").split("?")[0] ?? "") : undefined;
  const { status, contentType, body } = found ?? json(404, { paths: ["/healthz", "/readyz", "/metrics"] });
  response.writeHead(status, { "content-type": contentType }).end(request.method === "HEAD" ? "" : body);
}
