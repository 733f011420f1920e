import { CaxtonError } from "@caxton/contracts/errors";

const example = "kurrentdb://user:password@host:2113?tls=true";
const host = String.raw`[\w.-]+(?::\d{1,5})?`;
const shape = new RegExp(
  String.raw`^(?:esdb|kurrentdb)(?:\+discover)?://(?:[^:@/?&]+:[^:@/?&]+@)?${host}(?:,${host})*/*(?:\?([^@?]+))?$`,
);

const isCount = (value: string): boolean => /^\d{1,9}$/.test(value);
const isCountOrOff = (value: string): boolean => value === "-1" || isCount(value);
const isFlag = (value: string): boolean => value === "true" || value === "false";
const isText = (): boolean => true;

interface Option {
  readonly accepts: (value: string) => boolean;
  readonly says: string;
}

const flag = { accepts: isFlag, says: "true or false" };
const count = { accepts: isCount, says: "a whole number" };
const countOrOff = { accepts: isCountOrOff, says: "a whole number, or -1 for never" };
const text = { accepts: isText, says: "a text" };

/** What the client knows, by the name it compares: in small letters, without `_` and `-`. */
const options: ReadonlyMap<string, Option & { readonly name: string }> = new Map(
  Object.entries<Option>({
    tls: flag,
    tlsVerifyCert: flag,
    tlsCAFile: text,
    userCertFile: text,
    userKeyFile: text,
    connectionName: text,
    defaultDeadline: count,
    keepAliveInterval: countOrOff,
    keepAliveTimeout: count,
    maxDiscoverAttempts: count,
    discoveryInterval: count,
    gossipTimeout: count,
    // A follower may not have yet what was just stored, and an append is made sure of by reading it.
    nodePreference: { accepts: (value) => value.toLowerCase() === "leader", says: "leader and nothing else" },
    // Otherwise a refused append looks stored.
    throwOnAppendFailure: { accepts: (value) => value === "true", says: "true and nothing else" },
  }).map(([name, option]) => [flat(name), { ...option, name }]),
);

/**
 * Refuses what the client would take in another sense, ignore or answer by printing all of it, password included.
 * @throws CaxtonError `invalid-argument`; it shows names of options only, since all else may be secret
 */
export function requireConnectionString(value: string): void {
  const [isRight, query] = shape.exec(value.trim()) ?? [];
  if (isRight === undefined) {
    throw refused(
      `is no connection string such as ${example}; in user, password and options write : @ / ? & as %3A %40 %2F %3F %26`,
    );
  }
  if (query === undefined) return;
  for (const pair of query.split("&")) {
    const [name = "", given = "", ...more] = pair.split("=");
    if (given === "" || more.length > 0) throw refused(`has an option that is no name=value after the '?'`);
    const option = options.get(flat(name));
    if (option === undefined) {
      const known = [...options.values()].map((one) => one.name).join(", ");
      throw refused(`has an option '${name.slice(0, 40)}' that does not exist; there are: ${known}`);
    }
    if (!option.accepts(given.trim())) throw refused(`has an option ${option.name} that takes ${option.says}`);
  }
}

const keepAlive = /([?&])keep[_-]?alive[_-]?timeout=\s*(\d+)/i;
const usualKeepAliveTimeoutMs = 10_000;

/**
 * The same server and settings in words that the client takes, told from those of another `generation`. gRPC gives all
 * clients of a process that ask for the same the same connection, dead or alive; a millisecond more before it gives one up
 * makes it another.
 */
export function inOwnWords(value: string, generation: number): string {
  // The old name is answered with a warning on the console, and a slash without a port becomes part of the host's name.
  const plain = value
    .trim()
    .replace(/^esdb/, "kurrentdb")
    .replace(/([^:/])\/+(?=\?|$)/, "$1");
  const [given, separator = plain.includes("?") ? "&" : "?", ms = usualKeepAliveTimeoutMs] =
    keepAlive.exec(plain) ?? [];
  const own = `${separator}keepAliveTimeout=${Number(ms) + generation}`;
  return given === undefined ? plain + own : plain.replace(given, own);
}

function flat(name: string): string {
  return name.trim().toLowerCase().replaceAll(/[_-]/g, "");
}

function refused(why: string): CaxtonError {
  return new CaxtonError("invalid-argument", `the event store (CAXTON_EVENT_STORE, --event-store) ${why}`);
}
