import { once } from "node:events";
import { createServer } from "node:net";
import { CaxtonError } from "@caxton/contracts/errors";

export const usualNatsPort = 4222;

/**
 * The port for nats-server: the one asked for, else the usual one, else a free one.
 * @throws CaxtonError `invalid-argument` where the one asked for is taken
 */
export async function chooseNatsPort(host: string, wanted: number | undefined): Promise<number> {
  const found = await portIfFree(host, wanted ?? usualNatsPort);
  if (found !== undefined) return found;
  if (wanted !== undefined) {
    throw new CaxtonError(
      "invalid-argument",
      `port ${wanted} on ${host} is taken; give --port 0 for a free one, or --nats-url for a server that runs already`,
    );
  }
  const free = await portIfFree(host, 0);
  if (free === undefined) throw new CaxtonError("internal", `no port can be listened on at ${host}`);
  return free;
}

/** @param port 0 finds a free one */
async function portIfFree(host: string, port: number): Promise<number | undefined> {
  const server = createServer();
  try {
    server.listen({ port, host, exclusive: true });
    await once(server, "listening");
    const address = server.address();
    const closed = once(server, "close");
    server.close();
    await closed;
    return typeof address === "object" && address !== null ? address.port : undefined;
  } catch {
    return undefined;
  }
}
