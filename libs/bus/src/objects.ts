import { CaxtonError } from "@caxton/contracts/errors";
import { Objm, type ObjectInfo } from "@nats-io/obj";
import { createHash } from "node:crypto";
import type { Connection } from "./connection.ts";
import { jetstream } from "@nats-io/jetstream";
import type { ObjectBucket, Streams } from "./types.ts";

const contentTimeoutMs = 120_000;

/** An object store of the client (ADR-20); contents are read back through `read`, which survives what the client's does not. */
export async function openObjectBucket(
  connection: Connection,
  streams: Streams,
  bucket: string,
): Promise<ObjectBucket> {
  const call = <T>(timeoutMs: number, name: string, send: () => Promise<T>): Promise<T> =>
    connection.call(send, { operation: "api", target: `object ${bucket}/${name}`, timeoutMs });
  const store = await call(connection.apiTimeoutMs, "", () => new Objm(jetstream(connection.nc)).create(bucket));

  async function find(name: string): Promise<ObjectInfo | undefined> {
    const info = await call(connection.apiTimeoutMs, name, () => store.info(name));
    return info === null || info.deleted ? undefined : info;
  }

  const objects: ObjectBucket = {
    has: async (name) => (await find(name)) !== undefined,
    sizeBytes: async (name) => (await find(name))?.size,
    async put(name, content) {
      // The client publishes the entry last, and only when the source ended well; what it wrote before it removes.
      await call(contentTimeoutMs, name, () => store.put({ name }, content));
    },
    async get(name) {
      const info = await find(name);
      if (info === undefined) return undefined;
      const content = new Uint8Array(info.size);
      const hash = createHash("sha256");
      let at = 0;
      if (info.size > 0) {
        for await (const chunk of streams.read(`OBJ_${bucket}`, { filterSubject: `$O.${bucket}.C.${info.nuid}` })) {
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
      if ((await find(name)) !== undefined) await call(connection.apiTimeoutMs, name, () => store.delete(name));
    },
  };
  return objects;
}

function withoutPadding(digest: string): string {
  const [algorithm = "", encoded = ""] = digest.split(/=(.*)/s);
  return `${algorithm}=${encoded.replace(/=+$/, "")}`;
}
