import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { plantCheckout, type PlantedCheckout } from "./planted-checkout.ts";

const MAIN = "apps/cli/src/main.ts";

let checkout: PlantedCheckout;
beforeEach(() => {
  checkout = plantCheckout();
});
afterEach(() => checkout.remove());

const caxton = (): string => join(checkout.path, "apps/cli/bin/caxton.mjs");

function install(main: string): void {
  checkout.installRuntime();
  checkout.write("apps/cli/node_modules/.keep", "");
  checkout.write(MAIN, main);
}

describe("caxton", () => {
  it("says in one line what to do when nothing is installed", () => {
    const { status, stderr } = spawnSync(process.execPath, [caxton(), "list"], { encoding: "utf8" });
    expect(status).toBe(69);
    expect(stderr).toBe(
      `caxton: not installed yet; run \`npm run demo\`, \`npm test\` or \`npx pnpm@12.21.0 install\` in ${checkout.path}\n`,
    );
  });

  it("passes on arguments, standard input and the exit code", () => {
    install(`process.stdin.pipe(process.stdout); console.log(process.argv.slice(2).join("|")); process.exitCode = 7;`);
    const { status, stdout } = spawnSync(process.execPath, [caxton(), "send", "a b", "--json"], {
      encoding: "utf8",
      input: "a message",
    });
    expect(stdout).toBe("send|a b|--json\na message");
    expect(status).toBe(7);
  });

  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "passes on %s once, and waits for the graceful end",
    async (signal) => {
      install(`
      const waiting = setInterval(() => {}, 1000);
      process.on("${signal}", () => { console.log("got ${signal}"); clearInterval(waiting); process.exitCode = 3; });
      console.log("ready");
    `);
      const child = spawn(process.execPath, [caxton()], { stdio: ["ignore", "pipe", "inherit"] });
      let output = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
      await once(child.stdout, "data");
      child.kill(signal);
      expect(await once(child, "close")).toEqual([3, null]);
      expect(output).toBe(`ready\ngot ${signal}\n`);
    },
  );

  it("ends the program when npm's shell, its parent, is killed", async () => {
    install(`
      const waiting = setInterval(() => {}, 1000);
      process.on("SIGTERM", () => { console.log("got SIGTERM"); clearInterval(waiting); });
      console.log("ready");
    `);
    const shell = spawn("/bin/sh", ["-c", `"${process.execPath}" "${caxton()}"; true`], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, npm_command: "exec" },
    });
    let output = "";
    shell.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    await once(shell.stdout, "data");
    shell.kill("SIGTERM");
    await once(shell.stdout, "end");
    expect(output).toBe("ready\ngot SIGTERM\n");
  });

  it("ends with 128 and the signal's number when the program was killed", () => {
    install(`process.kill(process.pid, "SIGKILL");`);
    expect(spawnSync(process.execPath, [caxton()]).status).toBe(137);
  });
});
