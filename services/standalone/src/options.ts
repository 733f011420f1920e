import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { CaxtonError } from "@caxton/contracts/errors";
import { requireEventStore } from "@caxton/event-store/setting";

export interface StandaloneOptions {
  /** Everything that is kept: the bus's streams, logs, prepared components. */
  readonly dataDir: string;
  readonly cacheDir: string;
  readonly host: string;
  /** 4222, or a free one where that is taken, unless given. 0 takes a free one. */
  readonly natsPort: number | undefined;
  readonly httpPort: number;
  readonly grpcPort: number;
  /** A server that runs already, in place of one of our own. */
  readonly natsUrl: string | undefined;
  /** `jetstream`, or the connection string of a KurrentDB; never to be logged, it may hold a password. */
  readonly eventStore: string;
  readonly logLevel: string;
  readonly ackWaitMs: number;
  /** One JSON line instead of words when everything is ready. */
  readonly json: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

const flags = {
  data: { type: "string" },
  host: { type: "string" },
  port: { type: "string" },
  "http-port": { type: "string" },
  "grpc-port": { type: "string" },
  "nats-url": { type: "string" },
  "event-store": { type: "string" },
  "log-level": { type: "string" },
  json: { type: "boolean" },
} as const;

/** From the command line, else the environment, else the defaults. @throws CaxtonError `invalid-argument` */
export function parseOptions(argv: readonly string[], env: Environment, cwd: string): StandaloneOptions {
  const values = parseFlags(argv);
  const dataDir = resolve(cwd, values.data ?? env["CAXTON_DATA"] ?? join(".caxton", "data"));
  const eventStore = values["event-store"] ?? (env["CAXTON_EVENT_STORE"] || "jetstream");
  requireEventStore(eventStore);
  const natsPort = values.port ?? env["CAXTON_NATS_PORT"];
  return {
    dataDir,
    cacheDir: env["CAXTON_CACHE_DIR"] ?? join(dataDir, "cache"),
    host: values.host ?? env["CAXTON_HOST"] ?? "127.0.0.1",
    natsPort: natsPort === undefined ? undefined : port("--port", natsPort),
    httpPort: port("--http-port", values["http-port"] ?? env["CAXTON_HTTP_PORT"] ?? "7420"),
    grpcPort: port("--grpc-port", values["grpc-port"] ?? env["CAXTON_GRPC_PORT"] ?? "7421"),
    natsUrl: values["nats-url"] ?? env["CAXTON_NATS_URL"],
    eventStore,
    logLevel: values["log-level"] ?? env["CAXTON_LOG_LEVEL"] ?? "info",
    ackWaitMs: milliseconds("CAXTON_ACK_WAIT_MS", env, 10_000),
    json: values.json ?? false,
  };
}

function parseFlags(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: flags, strict: true, allowPositionals: false }).values;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new CaxtonError("invalid-argument", `${message}; \`caxton up --help\` shows the options`, { cause: error });
  }
}

function port(name: string, text: string): number {
  const number = Number(text);
  if (text.trim() !== "" && Number.isInteger(number) && number >= 0 && number <= 65_535) return number;
  throw new CaxtonError("invalid-argument", `${name} is '${text}', a port is 0 (a free one) to 65535`);
}

function milliseconds(name: string, env: Environment, unlessGiven: number): number {
  const text = env[name];
  if (text === undefined || text === "") return unlessGiven;
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new CaxtonError("invalid-argument", `${name} is '${text}', it is a number of milliseconds above 0`);
}
