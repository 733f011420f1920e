import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { connectBus } from "@caxton/bus/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type NatsServer, startNatsServer } from "../../../tests/harness/nats-server.ts";
import { livingServices } from "./presence.ts";

let server: NatsServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

const program = new URL("program.ts", import.meta.url).href;

/** A service that does nothing, started as every main.ts starts one. */
function startProbe(start: string) {
  const script = `import { runProgram } from ${JSON.stringify(program)}; await runProgram("probe", ${start});`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    env: { ...process.env, CAXTON_NATS_URL: server.url, CAXTON_SERVICE_ID: "probe-1", CAXTON_LOG_LEVEL: "info" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    pid: child.pid,
    exited: once(child, "exit"),
    terminate: () => child.kill("SIGTERM"),
    async line(): Promise<unknown> {
      const { value } = await lines.next();
      return JSON.parse(value ?? "null");
    },
  };
}

const instant: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);

describe("a service's program", () => {
  it("says ready, is found alive, and closes in order on SIGTERM, each in a line of the ADR's form", async () => {
    const probe = startProbe('async ({ log }) => ({ close: async () => log.info({ event: "closed" }, "closed") })');
    const said = (event: string) => ({
      timestamp: instant,
      level: "info",
      service: "probe",
      id: "probe-1",
      event,
      msg: event,
    });
    expect(await probe.line()).toEqual(said("ready"));

    const bus = await connectBus({ url: server.url, name: "program-test" });
    expect(await livingServices(bus, "probe")).toMatchObject([{ kind: "probe", id: "probe-1", pid: probe.pid }]);
    probe.terminate();
    expect(await probe.line()).toEqual(said("stopping"));
    expect(await probe.line()).toEqual(said("closed"));
    expect(await probe.line()).toEqual(said("stopped"));
    expect(await probe.exited).toEqual([0, null]);
    expect(await livingServices(bus, "probe")).toEqual([]);
    await bus.close();
  });

  it("that cannot start says why, with a code, and exits with 1", async () => {
    const probe = startProbe('async () => { throw new Error("the port is taken"); }');
    expect(await probe.line()).toMatchObject({
      timestamp: instant,
      level: "fatal",
      service: "probe",
      code: "internal",
      msg: "the port is taken",
    });
    expect(await probe.exited).toEqual([1, null]);
  });
});
