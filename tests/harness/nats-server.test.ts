import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { isAlive } from "./is-alive.ts";
import { startNatsServer } from "./nats-server.ts";

test("starts, is killed, starts again on the same port and data, and leaves nothing", async () => {
  const server = await startNatsServer();
  const first = server.pid;
  await server.kill();
  expect(isAlive(first)).toBe(false);
  await server.restart();
  expect(server.pid).not.toBe(first);
  expect(existsSync(server.storeDir)).toBe(true);
  await server.stop();
  expect(isAlive(server.pid)).toBe(false);
  expect(existsSync(dirname(server.storeDir))).toBe(false);
});

test("says why it did not start", async () => {
  await expect(startNatsServer({ config: "no such setting {" })).rejects.toThrow(/its log ends:[^]*Parse error/);
});

test("server and folder go when the process that started them is killed", async () => {
  const script = `const { startNatsServer } = await import(${JSON.stringify(join(import.meta.dirname, "nats-server.ts"))});
    const server = await startNatsServer(); console.log(JSON.stringify([server.pid, server.storeDir])); setInterval(() => {}, 1000);`;
  const owner = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(owner.stdout, "data")) as [Buffer];
  const [pid, storeDir] = JSON.parse(line.toString()) as [number, string];
  expect(isAlive(pid)).toBe(true);
  owner.kill("SIGKILL");
  await expect.poll(() => isAlive(pid) || existsSync(dirname(storeDir)), { timeout: 5_000 }).toBe(false);
});
