import { connectBus } from "@caxton/bus/connect";
import { expect, test } from "vitest";
import { startNatsServer } from "../harness/nats-server.ts";
import { bytes, rejection, text } from "./bus-harness.ts";

/** Made for this test; opens nothing else. */
const nkey = {
  seed: "SUAHTAKKEKNAF2BOXX4WUOQ2IB5BXKZ5CESSZVNMTZMBXD5TJRZDGNFMPI",
  user: "UBWLP56W52QMA3X2RRCVLL3PJ6Z34XFT3346QNMCAGWZPAB7JOMQNQ4N",
};

const config = `authorization { users: [
  { nkey: ${nkey.user}, permissions: { publish: ["allowed.>", "_INBOX_v1.>"], subscribe: ["allowed.>", "_INBOX_v1.>"] } }
] }`;

test("a connection with its own key and inbox does what it may, and what it may not is told", async () => {
  await using server = await startNatsServer({ config });
  const errors: unknown[] = [];
  const reported = Promise.withResolvers<void>();
  const onError = (error: unknown): void => {
    errors.push(error);
    reported.resolve();
  };
  const bus = await connectBus({ url: server.url, name: "v1", nkeySeed: nkey.seed, inboxPrefix: "_INBOX_v1", onError });
  await bus.subscribe("allowed.echo", (message) => message.respond(message.data)).ready;
  expect(text((await bus.request("allowed.echo", bytes("x"), { timeoutMs: 5_000 })).data)).toBe("x");
  bus.publish("forbidden", bytes("x"));
  await reported.promise;
  expect(errors).toMatchObject([{ code: "internal", message: /does not permit.*forbidden/is }]);
  // Who waits for an answer need not wait for the whole timeout.
  const refused = { code: "internal", message: /does not permit.*forbidden/is };
  expect(await rejection(bus.request("forbidden", bytes("x"), { timeoutMs: 600_000 }))).toMatchObject(refused);
  expect(await rejection(bus.store("forbidden", bytes("x"), { timeoutMs: 600_000 }))).toMatchObject(refused);
  await bus.close();
});

test("wrong credentials are refused at once, not after the whole wait", async () => {
  await using server = await startNatsServer({ config });
  const startedMs = performance.now();
  const refused = await rejection(connectBus({ url: server.url, name: "nobody", connectTimeoutMs: 20_000 }));
  expect(refused).toMatchObject({ code: "bus-unavailable", message: /refuses these credentials/ });
  expect(performance.now() - startedMs).toBeLessThan(10_000);
});
