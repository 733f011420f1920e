import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { plantCheckout, type PlantedCheckout } from "./planted-checkout.ts";

// npx is replaced by a program that leaves a mark, since what is tested is when and how it is called and what is said
// when it fails; the real install is what has run before any test can.
const NODE_VERSION = process.versions.node;

let checkout: PlantedCheckout;
beforeEach(() => {
  checkout = plantCheckout();
  mkdirSync(join(checkout.path, "bin"));
});
afterEach(() => checkout.remove());

function program(name: string, script: string): void {
  checkout.write(`bin/${name}`, `#!/bin/sh\n${script}\n`);
  chmodSync(join(checkout.path, "bin", name), 0o755);
}

function installer(): void {
  program(
    "npx",
    `echo "$@" >> calls
     /bin/mkdir -p node_modules/.bin node_modules/node
     echo '{"version":"${NODE_VERSION}"}' > node_modules/node/package.json
     /bin/ln -sf ${process.execPath} node_modules/.bin/node`,
  );
}

function bootstrap(env: NodeJS.ProcessEnv = {}): { status: number | null; stderr: string } {
  return spawnSync(process.execPath, [join(checkout.path, "scripts/bootstrap.mjs")], {
    cwd: checkout.path,
    encoding: "utf8",
    env: { PATH: join(checkout.path, "bin"), CAXTON_NATS_SERVER: process.execPath, ...env },
  });
}

const calls = (): string[] => readFileSync(join(checkout.path, "calls"), "utf8").trim().split("\n");

describe("bootstrap", () => {
  it("installs once, and again when a manifest changed", () => {
    installer();
    expect(bootstrap()).toMatchObject({ status: 0, stderr: expect.stringContaining("installing packages") });
    expect(bootstrap()).toMatchObject({ status: 0, stderr: "" });
    expect(calls()).toHaveLength(1);
    checkout.write("libs/bus/package.json", "{}");
    expect(bootstrap().status).toBe(0);
    expect(calls()).toHaveLength(2);
    expect(calls()[0]).toMatch(/^--yes pnpm@12\.21\.0 install --frozen-lockfile/);
  });

  it("shows what the installer said when it fails, and does not take it for done", () => {
    program("npx", "echo ENOTFOUND registry >&2; exit 3");
    const { status, stderr } = bootstrap();
    expect(status).toBe(69);
    expect(stderr).toMatch(/ENOTFOUND registry[\s\S]*npx ended with 3[\s\S]*npm registry can be reached/);
    expect(existsSync(join(checkout.path, "node_modules"))).toBe(false);
  });

  it("says how to get npm when there is none", () => {
    expect(bootstrap()).toMatchObject({ status: 69, stderr: expect.stringContaining("npx is missing: install npm") });
  });

  it("refuses a runtime of another version", () => {
    installer();
    program("other-node", "echo v1.2.3");
    program(
      "npx",
      `${readFileSync(join(checkout.path, "bin/npx"), "utf8")}\n/bin/ln -sf ${checkout.path}/bin/other-node node_modules/.bin/node`,
    );
    expect(bootstrap()).toMatchObject({ status: 69, stderr: expect.stringContaining("answers v1.2.3") });
  });

  it("finds nats-server on PATH, and refuses a path that is none", () => {
    installer();
    symlinkSync(process.execPath, join(checkout.path, "bin/nats-server"));
    expect(bootstrap({ CAXTON_NATS_SERVER: "" }).status).toBe(0);
    expect(bootstrap({ CAXTON_NATS_SERVER: "/nowhere/nats-server" })).toMatchObject({
      status: 69,
      stderr: expect.stringContaining("CAXTON_NATS_SERVER is /nowhere/nats-server, which is no executable file"),
    });
  });
});
