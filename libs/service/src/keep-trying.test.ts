import { createLogger } from "@caxton/telemetry/logger";
import { expect, it } from "vitest";
import { keepTrying } from "./keep-trying.ts";

const log = createLogger({ service: "test", id: "test", level: "silent" });

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
