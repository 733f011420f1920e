import { encodeJson } from "@caxton/bus/json";
import type { KvBucket, KvChange } from "@caxton/bus/types";
import { CaxtonError } from "@caxton/contracts/errors";
import { createLogger } from "@caxton/telemetry/logger";
import { expect, test } from "vitest";
import { watchRoutes } from "./route-watch.ts";

const log = createLogger({ service: "router", id: "test", level: "silent" });
const put = (agent: string, revision: number): KvChange => {
  const value = encodeJson({ agent, revision, targets: [], closed: [] });
  return { type: "put", entry: { key: agent, value, revision } };
};
const unused = async (): Promise<never> => expect.unreachable("only watched");

/** Its nth watch says what `turns` has at n, then breaks; the last waits for the end. */
function bucketOf(turns: readonly (readonly KvChange[])[]): KvBucket {
  let turn = 0;
  return {
    get: unused,
    create: unused,
    update: unused,
    put: unused,
    delete: unused,
    forget: unused,
    forgetDeleted: unused,
    keys: unused,
    entries: unused,
    async *watch(options) {
      const changes = turns[turn];
      turn += 1;
      if (changes === undefined) throw new CaxtonError("bus-unavailable", "the bucket is gone");
      yield* changes;
      options?.onCurrent?.();
      if (turn < turns.length) throw new CaxtonError("bus-unavailable", "the bucket is gone");
      if (options?.signal?.aborted === false)
        await new Promise((resolve) => options.signal?.addEventListener("abort", resolve, { once: true }));
    },
  };
}

test("goes on after trouble with what is there then", async () => {
  const bucket = bucketOf([[put("a", 1)], [put("a", 1)], [put("a", 2)]]);
  const stop = new AbortController();
  const second = Promise.withResolvers<void>();
  const seen: number[] = [];
  const onRoute = ({ revision }: { revision: number }): void => {
    seen.push(revision);
    if (revision === 2) second.resolve();
  };
  const watch = await watchRoutes({ kv: async () => bucket }, log, onRoute, stop.signal);
  await second.promise;
  stop.abort();
  await watch.ended;
  expect(seen).toEqual([1, 1, 2]);
});

test("cannot start where the routes cannot be read", async () => {
  const starting = watchRoutes({ kv: async () => bucketOf([]) }, log, () => undefined, new AbortController().signal);
  await expect(starting).rejects.toMatchObject({ code: "bus-unavailable" });
});
