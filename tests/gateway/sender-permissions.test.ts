import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { connectBus } from "@caxton/bus/connect";
import { openEventStore } from "@caxton/event-store/open";
import { expect, test } from "vitest";
import { startOrchestrator } from "../../services/orchestrator/src/service.ts";
import { blockOf } from "../foreign/page-block.ts";
import { sendCommand } from "../foreign/send-command.ts";
import { startNatsServer } from "../harness/nats-server.ts";
import { silent } from "./gateway-harness.ts";

const hasPython = await promisify(execFile)("python3", ["--version"]).then(
  () => true,
  () => false,
);

test.skipIf(!hasPython)("with the permissions of docs/commands.md a client is who it is, and nobody else", async () => {
  const config = await blockOf("commands.md", "### Who may send as whom", "conf");
  await using server = await startNatsServer({ config });
  const as = (user: string) => server.url.replace("nats://", `nats://${user}@`);
  const bus = await connectBus({ url: as("caxton:change-me"), name: "services" });
  const eventStore = await openEventStore(bus);
  const orchestrator = await startOrchestrator({ bus, eventStore, log: silent, id: "orchestrator" });
  const digest = "c".repeat(64);
  await (await bus.objects("caxton-artifacts")).put(digest, new Blob(["any bytes"]).stream());

  const command = ["deploy", "pinned", "--set", `artifact={"digest":"${digest}"}`, "--nats", as("ci:change-me-too")];
  const send = (principal: string) => sendCommand(...command, "--principal", principal);
  expect(await send("ci")).toMatchObject({ exitCode: 0, answer: { ok: true, agent: "pinned" } });
  const denied = await send("ops");
  expect(denied).toMatchObject({ exitCode: 1, stored: null });
  expect(denied.errors).toMatch(/permissions violation for publish to "caxton.commands.ops.pinned.deploy"/i);
  expect(await bus.streams.last("CAXTON_COMMANDS", "caxton.commands.ops.*.*")).toBeUndefined();

  await orchestrator.close();
  await eventStore.close();
  await bus.close();
});
