import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { createLogger } from "@caxton/telemetry/logger";
import { Metrics } from "@caxton/telemetry/registry";
import { expect, it } from "vitest";
import { createHealth } from "./health.ts";
import { keepTrying } from "./keep-trying.ts";

const log = createLogger({ service: "test", id: "test", level: "silent" });

it("is not ready from when the work broke off until it has gone on for a second", async () => {
  const stop = new AbortController();
  const { signal } = stop;
  const health = createHealth(new Metrics());
  const goesOn = Promise.withResolvers<void>();
  let attempt = 0;
  const work = async (): Promise<void> => {
    attempt += 1;
    if (attempt === 1) throw new Error("the bus is away");
    goesOn.resolve();
    await once(signal, "abort");
  };
  const readiness = { health, part: "ledger" };
  const trying = keepTrying("reading", work, { log, signal, retryAfterMs: 1, readiness });
  await goesOn.promise;
  const sinceMs = performance.now();
  expect(await health.reasons()).toEqual(["ledger: reading broke off: the bus is away"]);
  while ((await health.reasons()).length > 0) await delay(20);
  expect(performance.now() - sinceMs).toBeGreaterThan(900);
  stop.abort();
  await trying;
});

it("begins again what broke off, until it is told to stop", async () => {
  const stop = new AbortController();
  let begun = 0;
  const work = () => {
    begun += 1;
    if (begun === 3) stop.abort();
    return Promise.reject(new Error("the bus is away"));
  };
  await keepTrying("reading", work, { log, signal: stop.signal, retryAfterMs: 1 });
  expect(begun).toBe(3);
});

it("does not begin what is not wanted any more", async () => {
  const work = () => Promise.reject(new Error("never"));
  await expect(keepTrying("reading", work, { log, signal: AbortSignal.abort() })).resolves.toBeUndefined();
});
