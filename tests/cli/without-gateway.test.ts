import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { caxton, ended, startCaxton } from "./caxton-program.ts";

let cwd: string;
let gateway: string;
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), "caxton-cli-"));
  writeFileSync(join(cwd, "empty.wasm"), "");
  writeFileSync(join(cwd, "text.wasm"), "hello\n");
  writeFileSync(join(cwd, "big.wasm"), "");
  truncateSync(join(cwd, "big.wasm"), 64 * 1024 * 1024 + 1);
  writeFileSync(join(cwd, "core.wasm"), Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
  writeFileSync(join(cwd, "messages.jsonl"), '{"mag":1}\n');
  gateway = await addressOfNobody();
});
afterAll(() => rmSync(cwd, { recursive: true }));

/** A port that was free a moment ago. */
async function addressOfNobody(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
}

it("prints the documents of the API, for people and for programs", async () => {
  const [openApi, asyncApi] = await Promise.all([
    caxton(["api", "openapi"], { cwd, gateway: "http://gateway.example" }),
    caxton(["api", "asyncapi", "--json"], { cwd }),
  ]);
  expect(JSON.parse(openApi.stdout)).toMatchObject({ openapi: "3.1.1", servers: [{ url: "http://gateway.example" }] });
  expect(
    asyncApi.stdout
      .trim()
      .split("\n")
      .map((line): unknown => JSON.parse(line)),
  ).toMatchObject([{ asyncapi: "3.0.0" }]);
});

it("shows help on standard output, for nothing too, and the version", async () => {
  const [help, nothing, version] = await Promise.all([
    caxton(["--help"], { cwd }),
    caxton([], { cwd }),
    caxton(["--version"], { cwd }),
  ]);
  expect(help).toMatchObject({ exitCode: 0, stderr: "" });
  expect(help.stdout).toMatch(/0 {2}done +5 {4}refused by validation/);
  expect(nothing).toEqual(help);
  expect(version).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
});

describe("what cannot be done is said in a line, with the exit code of its kind", () => {
  it.each([
    ["lst", 2, "caxton: unknown command 'lst' (Did you mean list?) (invalid-argument)"],
    ["list --jsn", 2, "caxton: unknown option '--jsn' (Did you mean --json?) (invalid-argument)"],
    ["get", 2, "caxton: missing required argument 'id' (invalid-argument)"],
    ["events a --from x", 2, "caxton: --from is a whole number from 0 to 2147483647, not 'x' (invalid-argument)"],
    ["deploy agent missing.wasm", 2, "caxton: missing.wasm: there is no such file (invalid-argument)"],
    ["deploy agent .", 2, "caxton: . is a directory, not a component; name the .wasm file in it (invalid-argument)"],
    ["deploy agent empty.wasm", 2, "caxton: empty.wasm is empty; build it again (artifact-empty)"],
    ["deploy agent big.wasm", 2, "caxton: big.wasm has 67108865 bytes, at most 67108864 are accepted"],
    ["deploy agent text.wasm", 5, 'caxton: text.wasm is not WebAssembly: it begins with "hello\\n" (not-wasm)'],
    ["deploy agent core.wasm --agent A", 2, "caxton: 'A' is no agent name: 1 to 48 of a-z, 0-9 and '-'"],
    ["deploy agent core.wasm --allow-breaking", 2, 'caxton: --allow-breaking needs a --reason "why"'],
    ["agent inspect missing.wasm", 2, "caxton: missing.wasm: there is no such file (invalid-argument)"],
    ["agent inspect core.wasm", 5, "caxton: the file is a core module, an agent is a component"],
    ["agent build missing.js", 2, "missing.js: there is no such file (invalid-argument)"],
    ["send quake-watch missing.jsonl", 2, "caxton: missing.jsonl cannot be read: ENOENT"],
    [
      "up --event-store redis://x",
      2,
      "caxton: the event store 'redis' (CAXTON_EVENT_STORE, --event-store) is none of: ",
    ],
    ["up --http-port x", 2, "caxton: --http-port is 'x', a port is 0 (a free one) to 65535 (invalid-argument)"],
  ])("caxton %s", async (line, expectedExitCode, expectedText) => {
    const { exitCode, stdout, stderr } = await caxton(line.split(" "), { cwd });
    expect({ exitCode, stdout }).toEqual({ exitCode: expectedExitCode, stdout: "" });
    const [first = "", ...others] = stderr.trimEnd().split("\n");
    expect(first).toContain(expectedText);
    expect(others.every((other) => other.startsWith("  next: "))).toBe(true);
  });

  it("is an object on standard output with --json", async () => {
    const { exitCode, stdout } = await caxton(["deploy", "agent", "big.wasm", "--json"], { cwd });
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: "artifact-too-large", details: { sizeBytes: 67_108_865, maxBytes: 67_108_864 } },
    });
  });
});

describe("without a gateway", () => {
  it.each([
    "list",
    "status --watch",
    "logs x --follow",
    "events x --follow",
    "send x messages.jsonl",
    "deploy agent core.wasm",
  ])("caxton %s asks whether it is running", async (line) => {
    const { exitCode, stderr } = await caxton(line.split(" "), { cwd, gateway });
    expect(exitCode).toBe(6);
    expect(stderr).toContain(`caxton: no gateway at ${gateway} (from CAXTON_GATEWAY; `);
    expect(stderr).toMatch(/is `caxton up` running\?.* \(gateway-unavailable\)\n/);
  });

  it("says so as an object with --json", async () => {
    const { exitCode, stdout } = await caxton(["list", "--json", "--gateway", gateway], { cwd });
    expect(exitCode).toBe(6);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "gateway-unavailable" } });
  });
});

it("caxton doctor tells what it sees without a gateway, and fails only where that is asked for", async () => {
  const [plain, checked] = await Promise.all([
    caxton(["doctor"], { cwd, gateway }),
    caxton(["doctor", "--check", "--json"], { cwd, gateway }),
  ]);
  expect(plain.exitCode).toBe(0);
  expect(plain.stdout).toContain(`✗ gateway: nothing takes connections at ${gateway} (from CAXTON_GATEWAY)`);
  expect(checked.exitCode).toBe(6);
  const result = JSON.parse(checked.stdout) as { readonly findings: readonly { readonly check: string }[] };
  expect(result).toMatchObject({ error: { code: "unhealthy" } });
  expect(result.findings.map(({ check }) => check)).toEqual(["node here", "gateway", "nats-server here"]);
});

it("says nothing when whoever reads it has left", async () => {
  const child = startCaxton(["--help"], { cwd });
  child.stdout?.destroy();
  expect(await ended(child)).toEqual({ exitCode: 0, stdout: "", stderr: "" });
});
