import type { Finding } from "@caxton/contracts/system-status";
import { ok, problem, warning } from "./finding.ts";

/** What is known of the bus and of this process. */
export interface ServerFacts {
  readonly version: string;
  readonly maxPayloadBytes: number;
  readonly roundTripMs: number;
  readonly clockOffsetMs?: number;
  readonly account?: {
    readonly storageBytes: number;
    readonly storageMaxBytes: number;
    readonly streams: number;
    readonly consumers: number;
    readonly domain?: string;
  };
  readonly jetStreamProblem?: string;
}

export interface StoreFacts {
  /** How long reading one stream took; absent where it failed. */
  readonly readMs?: number;
  readonly failure?: string;
}

const mebibyte = 1024 * 1024;
/** Clocks may differ by so much before slots, deadlines and ages are misread. */
const skewMaxMs = 1_000;
const slowRoundTripMs = 100;
const slowReadMs = 1_000;
/** The largest outcome with its headers. */
const payloadMinBytes = mebibyte;

/** nats-server: version, JetStream, limits, fsync, clock. */
export function checkServer(server: ServerFacts): readonly Finding[] {
  return [versionOf(server), fsync(server), jetStream(server), payload(server), clock(server), roundTrip(server)];
}

function versionOf({ version }: ServerFacts): Finding {
  const seen = `nats-server ${version}`;
  if (isBefore(version, 2, 9))
    return problem("nats-server", seen, "2.9 is the oldest that has what is needed: install it or a later one");
  return ok("nats-server", seen);
}

function fsync({ version }: ServerFacts): Finding {
  if (isBefore(version, 2, 10))
    return warning(
      "fsync",
      `nats-server ${version} has no \`sync_interval: always\`: what it acknowledged is written, and on disk within two minutes`,
      "nothing is lost by kill -9; against power loss run 2.10 or later with `sync_interval: always` in its jetstream block, and `caxton up --nats-url …`",
    );
  return warning(
    "fsync",
    `whether nats-server ${version} syncs every write cannot be asked over the wire`,
    "look into its configuration: `sync_interval: always` in the jetstream block survives power loss, the default syncs every two minutes",
  );
}

function jetStream({ account, jetStreamProblem }: ServerFacts): Finding {
  if (account === undefined)
    return problem(
      "jetstream",
      `JetStream does not answer: ${jetStreamProblem ?? "no account"}`,
      "start nats-server with -js, or give this account JetStream",
    );
  const { storageBytes, storageMaxBytes, streams, consumers, domain } = account;
  const limit = storageMaxBytes > 0 ? `of ${mebibytes(storageMaxBytes)} ` : "";
  const where = domain === undefined ? "" : `, domain ${domain}`;
  const seen = `${streams} streams, ${consumers} consumers, ${mebibytes(storageBytes)} ${limit}stored${where}`;
  if (storageMaxBytes > 0 && storageBytes > 0.9 * storageMaxBytes)
    return problem(
      "jetstream",
      seen,
      "give the account more storage, or shorten what inboxes keep: a full store refuses every write",
    );
  return ok("jetstream", seen);
}

function payload({ maxPayloadBytes }: ServerFacts): Finding {
  const seen = `max_payload ${mebibytes(maxPayloadBytes)}`;
  if (maxPayloadBytes < payloadMinBytes)
    return problem("max_payload", seen, "set it to 1MB or more: the largest outcome is 900 KiB and would be refused");
  return ok("max_payload", seen);
}

function clock({ clockOffsetMs }: ServerFacts): Finding {
  if (clockOffsetMs === undefined)
    return warning(
      "clock",
      "the server's clock could not be asked",
      "there is no stream yet; deploy something and look again",
    );
  const seen = `nats-server's clock is ${Math.abs(Math.round(clockOffsetMs))} ms ${clockOffsetMs < 0 ? "behind" : "ahead of"} the gateway's`;
  if (Math.abs(clockOffsetMs) > skewMaxMs)
    return warning(
      "clock",
      seen,
      `more than ${skewMaxMs} ms: let both machines follow the same time server; ages and \`--since\` are wrong by as much`,
    );
  return ok("clock", seen);
}

function roundTrip({ roundTripMs }: ServerFacts): Finding {
  const seen = `a round trip to nats-server takes ${roundTripMs.toFixed(1)} ms`;
  if (roundTripMs > slowRoundTripMs)
    return warning("round trip", seen, "the machine or the network is busy: a route change waits for several of these");
  return ok("round trip", seen);
}

export function checkStore({ readMs, failure }: StoreFacts): Finding {
  if (readMs === undefined)
    return problem(
      "event store",
      `it cannot be read: ${failure ?? "no answer"}`,
      "is it running? Deployments stand still until it is back; nothing is lost",
    );
  const seen = `a read takes ${readMs.toFixed(1)} ms`;
  return readMs > slowReadMs
    ? warning("event store", seen, "it is slow: deployments are as slow as their appends")
    : ok("event store", seen);
}

export function checkNode(version: string): Finding {
  const seen = `the gateway runs on Node ${version}`;
  const major = Number(/^v(\d+)/.exec(version)?.[1] ?? 0);
  return major < 24
    ? warning("node", seen, "the workspace brings Node 26: start services with node_modules/.bin/node")
    : ok("node", seen);
}

function isBefore(version: string, major: number, minor: number): boolean {
  const [foundMajor = 0, foundMinor = 0] = version.split(".").map(Number);
  return foundMajor < major || (foundMajor === major && foundMinor < minor);
}

const mebibytes = (count: number): string => `${(count / mebibyte).toFixed(1)} MiB`;
