import { CaxtonError, hasCode } from "@caxton/contracts/errors";
import { Objm, type ObjectStore } from "@nats-io/obj";
import { createHash } from "node:crypto";
import type { Connection } from "./connection.ts";
import { decodeJson } from "./json.ts";
import { jetstream } from "@nats-io/jetstream";
import type { ObjectBucket, StoredObject, Streams } from "./types.ts";

const contentTimeoutMs = 120_000;

/** What the entry of an object says, of ADR-20's fields. */
interface ObjectEntry {
  readonly name: string;
  readonly nuid: string;
  readonly size: number;
  readonly digest: string;
  readonly deleted: boolean;
}

/**
 * An object store of the client (ADR-20), made by it with the first object. What is there is read by us: the client asks
 * five times before it reads, and what it reads does not survive what `read` does.
 */
export function openObjectBucket(connection: Connection, streams: Streams, bucket: string): ObjectBucket {
  const stream = `OBJ_${bucket}`;
  const call = <T>(timeoutMs: number, name: string, send: () => Promise<T>): Promise<T> =>
    connection.call(send, { operation: "api", target: `object ${bucket}/${name}`, timeoutMs });
  const opened = (): Promise<ObjectStore> =>
    call(connection.apiTimeoutMs, "", () => new Objm(jetstream(connection.nc)).create(bucket));

  async function find(name: string): Promise<ObjectEntry | undefined> {
    try {
      const key = Buffer.from(name).toString("base64url");
      const padded = key.padEnd(Math.ceil(key.length / 4) * 4, "=");
      const last = await streams.last(stream, `$O.${bucket}.M.${padded}`);
      const entry = last === undefined ? undefined : readEntry(last.data, `${bucket}/${name}`);
      return entry?.deleted === true ? undefined : entry;
    } catch (error) {
      if (hasCode(error, "stream-not-found")) return undefined;
      throw error;
    }
  }

  const objects: ObjectBucket = {
    async list() {
      const found: StoredObject[] = [];
      try {
        for await (const { data, storedAtMs } of streams.read(stream, { filterSubject: `$O.${bucket}.M.>` })) {
          const { name, size, deleted } = readEntry(data, `in ${bucket}`);
          if (!deleted) found.push({ name, sizeBytes: size, storedAtMs });
        }
      } catch (error) {
        if (!hasCode(error, "stream-not-found")) throw error;
      }
      return found;
    },
    has: async (name) => (await find(name)) !== undefined,
    sizeBytes: async (name) => (await find(name))?.size,
    async put(name, content) {
      // The client publishes the entry last, and only when the source ended well; what it wrote before it removes.
      const store = await opened();
      await call(contentTimeoutMs, name, () => store.put({ name }, content));
    },
    async get(name) {
      const info = await find(name);
      if (info === undefined) return undefined;
      const content = new Uint8Array(info.size);
      const hash = createHash("sha256");
      let at = 0;
      if (info.size > 0) {
        for await (const chunk of streams.read(stream, { filterSubject: `$O.${bucket}.C.${info.nuid}` })) {
          if (at + chunk.data.length > info.size) break;
          content.set(chunk.data, at);
          hash.update(chunk.data);
          at += chunk.data.length;
        }
      }
      const digest = `SHA-256=${hash.digest("base64url")}`;
      if (at !== info.size || withoutPadding(info.digest) !== digest) {
        // It may have been replaced or deleted while it was read.
        if ((await find(name))?.nuid !== info.nuid) return await objects.get(name);
        throw new CaxtonError(
          "internal",
          `object ${bucket}/${name} is damaged: ${at} of ${info.size} bytes, ${digest} instead of ${info.digest}`,
        );
      }
      return content;
    },
    async delete(name) {
      if ((await find(name)) === undefined) return;
      const store = await opened();
      await call(connection.apiTimeoutMs, name, () => store.delete(name));
    },
  };
  return objects;
}

/** @throws CaxtonError `internal` where it is no entry of an object */
function readEntry(data: Uint8Array, what: string): ObjectEntry {
  const entry = decodeJson(data);
  if (typeof entry === "object" && entry !== null && "nuid" in entry && typeof entry.nuid === "string") {
    const { nuid } = entry;
    const size = "size" in entry && typeof entry.size === "number" ? entry.size : 0;
    const digest = "digest" in entry && typeof entry.digest === "string" ? entry.digest : "";
    const name = "name" in entry && typeof entry.name === "string" ? entry.name : "";
    return { name, nuid, size, digest, deleted: "deleted" in entry && entry.deleted === true };
  }
  throw new CaxtonError("internal", `what is stored of object ${what} is no entry of an object`);
}

function withoutPadding(digest: string): string {
  const [algorithm = "", encoded = ""] = digest.split(/=(.*)/s);
  return `${algorithm}=${encoded.replace(/=+$/, "")}`;
}
