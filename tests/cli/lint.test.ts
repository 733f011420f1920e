import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { caxton } from "./caxton-program.ts";

/** ADR 0008, section 3, as it stands in the copy that lost its indentation. */
const adr = `deployment:
strategy: canary
stages:
- validate: 30s
- canary: 5% # 5 minutes
- canary: 25% # 10 minutes
- canary: 50% # 10 minutes
- full: 100%
rollback_on:
- error_rate > 1%
- p99_latency > 100ms
`;
const blueGreen = `deployment:
strategy: blue-green
stages:
- validate: 30s
- warm_up: 60s
- switch: instant
- cleanup: 300s
`;
let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "caxton-lint-"));
  writeFileSync(join(cwd, "adr.yaml"), adr);
  writeFileSync(
    join(cwd, "wrong.yaml"),
    adr.replace("validate: 30s", "validate: 0s").replace("error_rate", "eror_rate"),
  );
  writeFileSync(join(cwd, "blue-green.yaml"), blueGreen);
  writeFileSync(join(cwd, "shadow.yaml"), "deployment:\n  strategy: shadow\n");
  writeFileSync(join(cwd, "core.wasm"), Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
});
afterAll(() => rmSync(cwd, { recursive: true }));

const run = (...words: readonly string[]) => caxton(words, { cwd, gateway: "http://127.0.0.1:1" });

describe("caxton lint", () => {
  it("says what a file means, without a gateway", async () => {
    const { exitCode, stdout, stderr } = await run("lint", "adr.yaml");
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toBe(
      [
        "✓ adr.yaml: canary",
        "  Validation         30 seconds at most",
        "  Steps              5% for 5 minutes, then 25% for 10 minutes, then 50% for 10 minutes, then 100%",
        "  Taken back where   error_rate > 1%, or p99_latency > 100ms",
        "  Without a verdict  held until there is one",
        "  What it fails on   the stable version handles it in the same delivery",
        "  Way back           the version before stays warm for 5 minutes",
        "",
      ].join("\n"),
    );
  });

  it("says what the ADR's blue-green means, word for word", async () => {
    const { exitCode, stdout, stderr } = await run("lint", "blue-green.yaml");
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toBe(
      [
        "✓ blue-green.yaml: blue-green",
        "  Validation  30 seconds at most",
        "  Warm-up     on recent messages until its latency is steady, 1 minute at most",
        "  Switch      all messages at once",
        "  Way back    the version before stays warm for 5 minutes",
        "",
      ].join("\n"),
    );
  });

  it("shows every problem in its place", async () => {
    const { exitCode, stdout, stderr } = await run("lint", "wrong.yaml");
    expect(exitCode).toBe(2);
    expect(stdout).toBe(
      [
        "✗ wrong.yaml:4:13  '0s' is no time to wait: it has to be above zero",
        "    - validate: 0s",
        "                ^",
        "✗ wrong.yaml:10:3  'eror_rate' is no metric: error_rate, timeout_rate, p50_latency, p90_latency, p99_latency, memory; did you mean error_rate?",
        "    - eror_rate > 1%",
        "      ^",
        "",
      ].join("\n"),
    );
    expect(stderr).toBe("caxton: wrong.yaml has 2 problems (invalid-deployment-file)\n");
  });

  it("checks many files, and says all of it as JSON too", async () => {
    const { exitCode, stdout } = await run("lint", "adr.yaml", "wrong.yaml", "--json");
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      files: [
        { file: "adr.yaml", ok: true, problems: [], plan: { strategy: "canary", validateMs: 30_000 } },
        {
          file: "wrong.yaml",
          ok: false,
          problems: [
            { line: 4, column: 13 },
            { line: 10, column: 3, nearest: "error_rate" },
          ],
        },
      ],
      error: { code: "invalid-deployment-file" },
    });
    expect(await run("lint", "shadow.yaml", "--json")).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('"strategy":"shadow","durationMs":3600000'),
    });
    expect((await run("lint", "missing.yaml")).stderr).toMatch(/^caxton: missing.yaml cannot be read: ENOENT/);
  });
});

describe("a plan that cannot be is refused before anything is sent", () => {
  it.each([
    ["--config wrong.yaml", "wrong.yaml has 2 problems (invalid-deployment-file)"],
    ["--config missing.yaml", "missing.yaml cannot be read"],
    ["--config adr.yaml --strategy direct", "adr.yaml says canary, --strategy says direct"],
    ["--strategy direct --steps 5%,100%", "--steps and --rollback-on are of a canary, the strategy is direct"],
    ["--steps 5%:1m,3%:1m,100%", "--steps '5%:1m,3%:1m,100%', character 7: '3%:1m' follows 5%: shares only grow"],
    ["--steps 5%:1m", "--steps '5%:1m', character 6: the last step is 100%"],
    ["--rollback-on eror_rate>1%", "--rollback-on 'eror_rate>1%', character 1: 'eror_rate' is no metric"],
  ])("deploy agent core.wasm %s", async (options, message) => {
    const { exitCode, stderr } = await run("deploy", "agent", "core.wasm", ...options.split(" "));
    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
  });
});
