import process from "node:process";
import { openEventStore } from "@caxton/event-store/open";
import { integerFrom } from "@caxton/service/environment";
import { runProgram } from "@caxton/service/program";
import { startGateway } from "./service.ts";

const portFrom = (name: string, unlessGiven: number) => integerFrom(name, { unlessGiven, min: 0, max: 65_535 });

await runProgram("gateway", async ({ bus, log, id, health }) => {
  const host = process.env["CAXTON_HOST"] ?? "127.0.0.1";
  const http = { host, port: portFrom("CAXTON_HTTP_PORT", 7420) };
  const grpc = { host, port: portFrom("CAXTON_GRPC_PORT", 7421) };
  const eventStore = await openEventStore(bus);
  const storage = integerFrom("CAXTON_BUS_STORAGE_MAX_BYTES", { unlessGiven: 0, min: 1, max: 2 ** 53 - 1 });
  const known = storage === 0 ? {} : { busStorageMaxBytes: storage };
  const gateway = await startGateway({ bus, eventStore, log, id, http, grpc, health, ...known });
  return {
    async close() {
      await gateway.close();
      await eventStore.close();
    },
  };
});
