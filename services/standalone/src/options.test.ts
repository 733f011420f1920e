import { describe, expect, test } from "vitest";
import { parseOptions } from "./options.ts";

describe("options of `caxton up`", () => {
  test("everything stays on loopback and below the folder it was started in, unless told otherwise", () => {
    expect(parseOptions([], {}, "/home/ada")).toMatchObject({
      dataDir: "/home/ada/.caxton/data",
      cacheDir: "/home/ada/.caxton/data/cache",
      host: "127.0.0.1",
      natsPort: undefined,
      httpPort: 7420,
      grpcPort: 7421,
      natsUrl: undefined,
    });
  });

  test("the command line is stronger than the environment", () => {
    const env = { CAXTON_HTTP_PORT: "1", CAXTON_DATA: "/var/one", CAXTON_ACK_WAIT_MS: "1000" };
    expect(parseOptions(["--http-port", "0", "--data", "two"], env, "/srv")).toMatchObject({
      httpPort: 0,
      dataDir: "/srv/two",
      ackWaitMs: 1_000,
    });
  });

  test.each([
    [["--port", "x"], {}],
    [["--port", ""], {}],
    [["--http-port", "65536"], {}],
    [["--unknown"], {}],
    [["word"], {}],
    [[], { CAXTON_ACK_WAIT_MS: "0" }],
  ])("%j with %j is refused as invalid-argument", (argv: readonly string[], env) => {
    expect(() => parseOptions(argv, env, "/")).toThrow(expect.objectContaining({ code: "invalid-argument" }));
  });
});
