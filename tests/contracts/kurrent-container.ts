import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect } from "node:net";
import process from "node:process";
import { untilAnswers } from "../harness/kurrent-process.ts";
import type { KurrentServer } from "../harness/kurrent-server.ts";

/** What is pinned is what the adapter was written against. */
const image = "docker.kurrent.io/kurrent-latest/kurrentdb:24.10";
const grpcPort = 2113;
const lookMaxMs = 1_000;

/** Asks the engine itself; a `docker` command says nothing of one. */
export async function hasEngine(): Promise<boolean> {
  const host = process.env["DOCKER_HOST"];
  if (host?.startsWith("tcp://") === true) {
    const { hostname, port } = new URL(host);
    return await answers({ host: hostname, port: Number(port === "" ? 2375 : port) });
  }
  const path = host?.startsWith("unix://") === true ? host.slice("unix://".length) : "/var/run/docker.sock";
  return existsSync(path) && (await answers({ path }));
}

async function answers(
  where: { readonly path: string } | { readonly host: string; readonly port: number },
): Promise<boolean> {
  const socket = connect(where);
  const signal = AbortSignal.timeout(lookMaxMs);
  try {
    await once(socket, "connect", { signal });
    socket.write("GET /_ping HTTP/1.0\r\n\r\n");
    const answer: readonly unknown[] = await once(socket, "data", { signal });
    return String(answer[0]).startsWith("HTTP/1");
  } catch {
    return false;
  } finally {
    socket.on("error", () => undefined).destroy();
  }
}

export async function startContainer(): Promise<KurrentServer> {
  const { GenericContainer, getContainerRuntimeClient, Wait } = await import("testcontainers");
  const hostPort = 20_000 + (process.pid % 20_000);
  // A fixed port, so that it is the same after a restart.
  const container = await new GenericContainer(image)
    .withCommand(["--insecure", "--mem-db=false", "--run-projections=None"])
    .withExposedPorts({ container: grpcPort, host: hostPort })
    .withWaitStrategy(Wait.forHttp("/health/live", grpcPort).forStatusCode(204))
    .start();
  const url = `kurrentdb://${container.getHost()}:${hostPort}?tls=false`;
  const engine = (await getContainerRuntimeClient()).container.getById(container.getId());
  return {
    url,
    process: {
      async kill() {
        await engine.kill();
        await engine.wait();
      },
      async start() {
        await engine.start();
        await untilAnswers(url);
      },
      freeze: async () => void (await engine.pause()),
      thaw: async () => void (await engine.unpause()),
    },
    [Symbol.asyncDispose]: async () => void (await container.stop()),
  };
}
