import { once } from "node:events";
import { createServer, type Http2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { CaxtonError } from "@caxton/contracts/errors";
import { connectNodeAdapter, type ConnectNodeAdapterOptions } from "@connectrpc/connect-node";
import type { FastifyInstance } from "fastify";

export interface ListenAddress {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

export interface Listener {
  readonly url: string;
  close(): Promise<void>;
}

/** @throws CaxtonError `invalid-argument` where the port is taken */
export async function listenHttp(app: FastifyInstance, address: ListenAddress): Promise<Listener> {
  const url = await app.listen({ ...address }).catch((error: unknown) => {
    throw cannotListen("HTTP", address, error);
  });
  return { url, close: () => app.close() };
}

/**
 * HTTP/2 without TLS, which gRPC needs and HTTP/1.1 clients do not speak: a listener of its own. Its sessions are destroyed
 * on close, because an open one keeps it from closing.
 * @throws CaxtonError `invalid-argument` where the port is taken
 */
export async function listenGrpc(options: ConnectNodeAdapterOptions, address: ListenAddress): Promise<Listener> {
  const server = createServer(connectNodeAdapter(options));
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
  });
  server.listen(address.port, address.host);
  await once(server, "listening").catch((error: unknown) => {
    throw cannotListen("gRPC", address, error);
  });
  return {
    url: `http://${hostInUrl(address.host)}:${portOf(server)}`,
    async close() {
      const closed = once(server, "close");
      server.close();
      for (const session of sessions) session.destroy();
      await closed;
    },
  };
}

function portOf(server: Http2Server): number {
  const address: AddressInfo | string | null = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

const hostInUrl = (host: string): string => (host.includes(":") ? `[${host}]` : host);

function cannotListen(what: string, { host, port }: ListenAddress, cause: unknown): CaxtonError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new CaxtonError(
    "invalid-argument",
    `cannot listen for ${what} on ${host}:${port} (${why}); choose another port, 0 takes a free one`,
    {
      cause,
    },
  );
}
