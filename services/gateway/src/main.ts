import process from "node:process";
import { CaxtonError } from "@caxton/contracts/errors";
import { openEventStore } from "@caxton/event-store/open";
import { runProgram } from "@caxton/service/program";
import { startGateway } from "./service.ts";

const defaultHttpPort = 7420;
const defaultGrpcPort = 7421;

await runProgram("gateway", async ({ bus, log, id }) => {
  const host = process.env["CAXTON_HOST"] ?? "127.0.0.1";
  const http = { host, port: portFrom("CAXTON_HTTP_PORT", defaultHttpPort) };
  const grpc = { host, port: portFrom("CAXTON_GRPC_PORT", defaultGrpcPort) };
  const eventStore = await openEventStore(bus);
  const gateway = await startGateway({ bus, eventStore, log, id, http, grpc });
  return {
    async close() {
      await gateway.close();
      await eventStore.close();
    },
  };
});

function portFrom(name: string, unlessGiven: number): number {
  const text = process.env[name];
  const port = text === undefined || text === "" ? unlessGiven : Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new CaxtonError("invalid-argument", `${name} is '${text}', a port is 0 (a free one) to 65535`);
}
