import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { CaxtonError, toCaxtonError } from "@caxton/contracts/errors";
import type { Command } from "commander";
import { command } from "../command.ts";

interface UpOptions {
  readonly data?: string;
  readonly host?: string;
  readonly port?: string;
  readonly httpPort?: string;
  readonly grpcPort?: string;
  readonly natsUrl?: string;
  readonly eventStore?: string;
  readonly logLevel?: string;
  readonly json?: boolean;
}

const program = fileURLToPath(new URL("../../../../services/standalone/src/main.ts", import.meta.url));
const forwarded = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export function upCommand(): Command {
  return command("up", "run everything on this machine: nats-server, every service and the gateway", [
    "caxton up",
    "caxton up --data /var/lib/caxton",
    "caxton up --data /tmp/try --port 0 --http-port 0 --grpc-port 0   # free ports; see /tmp/try/caxton.json",
    "caxton up --nats-url nats://127.0.0.1:4222                       # with a server that runs already",
    "caxton up --event-store 'kurrentdb://127.0.0.1:2113?tls=false'   # events in a KurrentDB",
  ])
    .option("--data <folder>", "where everything is kept; .caxton/data unless given")
    .option("--host <address>", "where to listen; 127.0.0.1 unless given")
    .option("--port <port>", "of nats-server; 4222, or a free one where that is taken, unless given; 0 for a free one")
    .option("--http-port <port>", "of the gateway for Connect and JSON; 7420 unless given, 0 for a free one")
    .option("--grpc-port <port>", "of the gateway for gRPC; 7421 unless given, 0 for a free one")
    .option("--nats-url <url>", "use this server instead of starting one")
    .option("--event-store <url>", "kurrentdb://… or esdb://… in place of jetstream, the bus's own storage")
    .option("--log-level <level>", "of <data>/caxton.log: trace, debug, info, warn, error; info unless given")
    .action(up);
}

/** Runs the standalone in our place: same input and output, signals passed on, its exit code ours. */
async function up(options: UpOptions): Promise<void> {
  const child = spawn(process.execPath, [program, ...standaloneArguments(options)], { stdio: "inherit" });
  const isTerminal = [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY);
  for (const signal of forwarded) {
    // A terminal sends Ctrl-C to the whole process group, so the child has it already.
    process.on(signal, () => {
      if (!(isTerminal && signal === "SIGINT")) child.kill(signal);
    });
  }
  const [code, signal] = await ended(once(child, "exit"));
  process.exitCode = typeof code === "number" ? code : 128 + signalNumber(signal);
}

async function ended(exit: Promise<readonly unknown[]>): Promise<readonly unknown[]> {
  try {
    return await exit;
  } catch (error) {
    throw new CaxtonError("internal", `the standalone does not start: ${toCaxtonError(error).message}`, {
      cause: error,
    });
  }
}

function standaloneArguments(options: UpOptions): readonly string[] {
  const flags = {
    "--data": options.data,
    "--host": options.host,
    "--port": options.port,
    "--http-port": options.httpPort,
    "--grpc-port": options.grpcPort,
    "--nats-url": options.natsUrl,
    "--event-store": options.eventStore,
    "--log-level": options.logLevel,
  };
  const given = Object.entries(flags).flatMap(([flag, value]) => (value === undefined ? [] : [`${flag}=${value}`]));
  return options.json === true ? [...given, "--json"] : given;
}

function signalNumber(signal: unknown): number {
  return Object.entries(constants.signals).find(([name]) => name === signal)?.[1] ?? 0;
}
