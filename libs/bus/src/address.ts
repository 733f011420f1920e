import { CaxtonError } from "@caxton/contracts/errors";

/** Where nats-server is, and who connects. */
export interface BusAddress {
  readonly servers: readonly string[];
  /** The same for people and logs: without any password. */
  readonly shown: string;
  readonly credentials?: { readonly user: string; readonly pass: string };
}

/**
 * `nats://user:password@host:4222`, the scheme, the user and the port being optional; several servers separated by commas,
 * whose user is the same.
 * @throws CaxtonError `invalid-argument` where it cannot be read
 */
export function busAddress(text: string): BusAddress {
  const parts = text.split(",").map((server) => parse(server.trim()));
  const [credentials] = parts.flatMap((part) => (part.credentials === undefined ? [] : [part.credentials]));
  const servers = parts.map(({ server }) => server);
  return { servers, shown: servers.join(","), ...(credentials === undefined ? {} : { credentials }) };
}

/** The user is what stands before the last `@`, so that a password may hold one. */
function parse(server: string): { readonly server: string; readonly credentials?: { user: string; pass: string } } {
  const match = /^(?<scheme>[a-z]+:\/\/)?(?:(?<user>[^:]*)(?::(?<pass>.*))?@)?(?<host>[^@]+)$/.exec(server);
  const { scheme = "", user, pass = "", host } = match?.groups ?? {};
  if (host === undefined) {
    throw new CaxtonError(
      "invalid-argument",
      "the address of nats-server looks like nats://127.0.0.1:4222; this one cannot be read",
    );
  }
  if (user === undefined) return { server: scheme + host };
  return { server: scheme + host, credentials: { user: decoded(user), pass: decoded(pass) } };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
