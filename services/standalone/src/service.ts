import { createWriteStream } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { busAddress } from "@caxton/bus/address";
import { connectBus } from "@caxton/bus/connect";
import { createLogger } from "@caxton/telemetry/logger";
import { lockData } from "./data-lock.ts";
import { findNatsServer } from "./find-nats-server.ts";
import { chooseNatsPort } from "./free-port.ts";
import { type NatsProcess, startNatsProcess } from "./nats-process.ts";
import type { StandaloneOptions } from "./options.ts";
import { startServices } from "./services.ts";

/** What `<data>/caxton.json` says, for clients to find their way. */
export interface Addresses {
  readonly pid: number;
  /** Absent where the server is not ours. */
  readonly natsPid?: number;
  /** Without any password. */
  readonly natsUrl: string;
  readonly httpUrl: string;
  readonly grpcUrl: string;
  readonly dataDir: string;
  readonly logFile: string;
}

export interface Standalone {
  readonly addresses: Addresses;
  /** Ends everything in order: the edge first, the bus last. */
  close(): Promise<void>;
}

export interface Progress {
  readonly busReady?: (natsUrl: string) => void;
}

/**
 * nats-server and every service, ready to use.
 * @throws CaxtonError `not-allowed-now` (the data is in use), `bus-unavailable`, `invalid-argument` (a port is taken)
 */
export async function startStandalone(options: StandaloneOptions, progress: Progress = {}): Promise<Standalone> {
  const { dataDir } = options;
  const lock = await lockData(dataDir);
  const closers: (() => Promise<void>)[] = [() => lock.release()];
  async function close(): Promise<void> {
    for (const closer of closers.splice(0).toReversed()) await closer();
  }

  try {
    const logFile = join(dataDir, "caxton.log");
    const destination = createWriteStream(logFile, { flags: "a" });
    const log = createLogger({
      service: "standalone",
      id: `standalone-${process.pid}`,
      level: options.logLevel,
      destination,
    });
    const nats = options.natsUrl === undefined ? await startOwnNats(options, log) : undefined;
    if (nats !== undefined) closers.push(() => nats.stop());
    const natsUrl = nats?.url ?? options.natsUrl ?? "";
    if (nats === undefined) await requireBus(natsUrl);
    const { shown } = busAddress(natsUrl);
    progress.busReady?.(shown);

    const services = await startServices(options, { natsUrl, storageMaxBytes: nats?.storageMaxBytes }, destination);
    closers.push(() => services.close());
    const { httpUrl, grpcUrl } = services.gateway;
    const own = nats === undefined ? {} : { natsPid: nats.pid };
    const addresses: Addresses = { pid: process.pid, ...own, natsUrl: shown, httpUrl, grpcUrl, dataDir, logFile };
    const file = join(dataDir, "caxton.json");
    await writeFile(`${file}.new`, `${JSON.stringify(addresses, null, 2)}\n`);
    await rename(`${file}.new`, file);
    closers.push(() => rm(file, { force: true }));
    return { addresses, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** @throws CaxtonError `bus-unavailable` */
async function requireBus(url: string): Promise<void> {
  const bus = await connectBus({ url, name: "standalone" });
  await bus.close();
}

async function startOwnNats(options: StandaloneOptions, log: ReturnType<typeof createLogger>): Promise<NatsProcess> {
  const { dataDir, host } = options;
  const program = findNatsServer(process.env);
  const port = await chooseNatsPort(host, options.natsPort);
  const nats = await startNatsProcess({ program, dataDir, host, port, log });
  try {
    await Promise.race([requireBus(nats.url), nats.endedEarly]);
    nats.keepAlive();
    return nats;
  } catch (error) {
    await nats.stop();
    throw error;
  }
}
