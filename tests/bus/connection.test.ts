import { CaxtonError } from "@caxton/contracts/errors";
import { expect, test } from "vitest";
import { bytes, startBus, text, rejection } from "./bus-harness.ts";

test("request and answer, with headers both ways", async () => {
  await using at = await startBus();
  const service = await at.connect();
  const subscription = service.subscribe("echo", (message) =>
    message.respond(message.data, { seen: message.headers["h"] ?? "" }),
  );
  await subscription.ready;
  const answer = await at.bus.request("echo", bytes("hello"), { timeoutMs: 1_000, headers: { h: "1" } });
  expect(text(answer.data)).toBe("hello");
  expect(answer.headers).toEqual({ seen: "1" });
});

test("a request that cannot be answered says why", async () => {
  await using at = await startBus();
  await expect(at.bus.request("nobody", bytes(""), { timeoutMs: 1_000 })).rejects.toMatchObject({
    code: "no-instance",
  });
  const silent = (await at.connect()).subscribe("silent", () => {});
  await silent.ready;
  await expect(at.bus.request("silent", bytes(""), { timeoutMs: 30 })).rejects.toMatchObject({ code: "timeout" });
  const stop = new AbortController();
  const cancelled = rejection(at.bus.request("silent", bytes(""), { timeoutMs: 9_000, signal: stop.signal }));
  stop.abort();
  expect(await cancelled).toMatchObject({ code: "cancelled" });
  const lost = rejection(at.bus.request("silent", bytes(""), { timeoutMs: 9_000 }));
  await at.server.kill();
  expect(await lost).toMatchObject({ code: "bus-unavailable" });
});

test("a handler that throws is reported and the next message is handled", async () => {
  await using at = await startBus();
  const errors: unknown[] = [];
  const handled: string[] = [];
  const bothCame = Promise.withResolvers<void>();
  const handler = (message: { readonly data: Uint8Array }): Promise<void> => {
    const what = text(message.data);
    if (what === "throw") throw new CaxtonError("internal", "thrown");
    if (what === "reject") return Promise.reject(new CaxtonError("internal", "rejected"));
    handled.push(what);
    bothCame.resolve();
    return Promise.resolve();
  };
  await at.bus.subscribe("work", handler, { onError: (error) => errors.push(error) }).ready;
  for (const what of ["throw", "reject", "fine"]) at.bus.publish("work", bytes(what));
  await bothCame.promise;
  expect(handled).toEqual(["fine"]);
  expect(errors).toMatchObject([{ message: "thrown" }, { message: "rejected" }]);
});

test("a queue group shares the work, and draining waits for what runs", async () => {
  await using at = await startBus();
  const other = await at.connect();
  const finish = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  let ended = 0;
  const handler = async (): Promise<void> => {
    begun.resolve();
    await finish.promise;
    ended += 1;
  };
  const group = [at.bus, other].map((bus) => bus.subscribe("work", handler, { queue: "q" }));
  await Promise.all(group.map((subscription) => subscription.ready));
  at.bus.publish("work", bytes("once"));
  await begun.promise;
  const drained = Promise.all(group.map((subscription) => subscription.drain()));
  finish.resolve();
  await drained;
  expect(ended).toBe(1);
});

test("subscriptions are there again after the server was", async () => {
  await using at = await startBus();
  const other = await at.connect();
  await at.bus.subscribe("echo", (message) => message.respond(message.data)).ready;
  const back = Promise.withResolvers<void>();
  const states: string[] = [];
  at.bus.onStatus((status) => {
    states.push(status);
    if (status === "connected") back.resolve();
  });
  await at.server.kill();
  await at.server.restart();
  await back.promise;
  await at.bus.flush();
  expect(text((await other.request("echo", bytes("x"), { timeoutMs: 5_000 })).data)).toBe("x");
  await at.bus.close();
  expect(states).toEqual(["disconnected", "connected", "closed"]);
  await expect(at.bus.store("a", bytes(""))).rejects.toMatchObject({ code: "bus-unavailable" });
});
