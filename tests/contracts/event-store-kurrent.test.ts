import { randomUUID } from "node:crypto";
import process from "node:process";
import { createKurrentEventStore } from "@caxton/event-store/kurrent/store";
import { afterAll, beforeAll, describe } from "vitest";
import { eventStoreContract } from "./event-store.contract.ts";
import { startStandInProcess } from "../harness/kurrent-process.ts";
import { kurrentProcessContract } from "./kurrent-process.contract.ts";
import { findKurrentServer } from "./find-kurrent-server.ts";
import type { KurrentServer } from "../harness/kurrent-server.ts";
import { kurrentWireContract } from "./kurrent-wire.contract.ts";
import { kurrentContract } from "./kurrent.contract.ts";

const real = await findKurrentServer();
if (real.start === undefined) process.stderr.write(`event store: a real KurrentDB skipped: ${real.why}\n`);

const startTimeoutMs = 180_000;
const maxAppendBytes = 100_000;

const servers: readonly { name: string; start: (() => Promise<KurrentServer>) | undefined; why: string }[] = [
  { name: "a real KurrentDB", ...real, start: real.start },
  { name: "a stand-in for KurrentDB", start: startStandInProcess, why: "" },
];

describe.each(servers)("with $name", ({ name, start, why }) => {
  describe.runIf(start !== undefined)("that is there", () => {
    let server: KurrentServer;
    beforeAll(async () => {
      if (start === undefined) throw new Error(why);
      server = await start();
    }, startTimeoutMs);
    afterAll(async () => await server[Symbol.asyncDispose]());

    // What earlier runs left on a server that stays must not get in the way.
    const runId = randomUUID().slice(0, 8);
    eventStoreContract(
      name,
      async () => {
        const [store, other] = [0, 1].map(() => createKurrentEventStore(server.url, { maxAppendBytes }));
        if (store === undefined || other === undefined) throw new Error("no store was made");
        const closeAll = async (): Promise<void> => void (await Promise.all([store.close(), other.close()]));
        return { store, other, duplicateWindowMs: 100, maxAppendBytes, [Symbol.asyncDispose]: closeAll };
      },
      `agent-r${runId}-`,
    );
    kurrentWireContract(name, () => server, runId);
    kurrentProcessContract(name, () => server, runId);
    kurrentContract(name, () => server, runId);
  });
});
