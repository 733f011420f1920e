import { type ChildProcess, fork } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { agentStreams } from "@caxton/bus/agent-streams";
import { defaultLimits } from "@caxton/contracts/limits";
import { prepareComponent } from "@caxton/wasm-agent/prepare";
import { AckPolicy, DiscardPolicy, jetstreamManager, StorageType } from "@nats-io/jetstream";
import { connect, nanos } from "@nats-io/transport-node";
import { buildFixture } from "../../tests/fixtures/build-fixture.ts";
import { startNatsServer } from "../../tests/harness/nats-server.ts";
import { inboxStream, inboxSubject, outputStream, outputSubject } from "../hand-written/protocol.ts";
import type { Guest, Side } from "./side.ts";

const pollMs = 5;
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

async function startProcess(file: string, args: readonly string[]): Promise<ChildProcess> {
  const child = fork(here(file), [...args], { execPath: process.execPath });
  await once(child, "message");
  return child;
}

/** The hand-written loop: a host with the same component, and the loop, as processes of their own; streams configured as ours are. */
export async function startLoopSide(guest: Guest, messagesPerRequest: number): Promise<Side> {
  const server = await startNatsServer();
  const cacheDir = await mkdtemp(join(tmpdir(), "caxton-loop-"));
  const bytes = await readFile(await buildFixture(here(`../agents/${guest}.js`)));
  const digest = createHash("sha256").update(bytes).digest("hex");
  const { memoryMaxBytes } = defaultLimits;
  const { folder } = await prepareComponent({ bytes, digest, cacheDir, memoryMaxBytes });

  const connection = await connect({ servers: server.url });
  const manager = await jetstreamManager(connection);
  const { inbox, outbox } = agentStreams("bench");
  const like = ({ maxMessageBytes, duplicateWindowMs }: typeof inbox | typeof outbox) => ({
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    max_msg_size: maxMessageBytes,
    duplicate_window: nanos(duplicateWindowMs),
  });
  await manager.streams.add({ name: inboxStream, subjects: [inboxSubject], ...like(inbox) });
  await manager.streams.add({ name: outputStream, subjects: [outputSubject], ...like(outbox) });
  await manager.consumers.add(inboxStream, {
    durable_name: "loop",
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(10_000),
    max_ack_pending: 16_384,
    max_deliver: -1,
  });
  const host = await startProcess("../hand-written/host-process.ts", [server.url, folder]);
  const loop = await startProcess("../hand-written/loop-main.ts", [server.url, String(messagesPerRequest)]);

  return {
    url: server.url,
    inboxSubject,
    outputStream,
    begin: () => {
      loop.send("begin");
      return Promise.resolve();
    },
    async finished(count) {
      while ((await manager.streams.info(outputStream)).state.messages < count) await delay(pollMs);
    },
    async [Symbol.asyncDispose]() {
      await connection.close();
      await Promise.all(
        [host, loop].map(async (child) => {
          const gone = once(child, "exit");
          child.kill("SIGKILL");
          await gone;
        }),
      );
      await server.stop();
      await rm(cacheDir, { recursive: true, force: true });
    },
  };
}
