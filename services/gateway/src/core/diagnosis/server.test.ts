import { describe, expect, it } from "vitest";
import { checkNode, checkServer, checkStore, type ServerFacts } from "./server.ts";

const well: ServerFacts = {
  version: "2.12.1",
  maxPayloadBytes: 1_048_576,
  roundTripMs: 0.3,
  clockOffsetMs: -12,
  account: { storageBytes: 5_242_880, storageMaxBytes: -1, streams: 7, consumers: 3, domain: "hub" },
};
const say = (change: Partial<ServerFacts>): readonly string[] =>
  checkServer({ ...well, ...change }).map(({ check, result, seen }) => `${result} ${check}: ${seen}`);

describe("nats-server", () => {
  it("is well, though whether it syncs every write cannot be seen", () => {
    expect(say({})).toEqual([
      "ok nats-server: nats-server 2.12.1",
      "warning fsync: whether nats-server 2.12.1 syncs every write cannot be asked over the wire",
      "ok jetstream: 7 streams, 3 consumers, 5.0 MiB stored, domain hub",
      "ok max_payload: max_payload 1.0 MiB",
      "ok clock: nats-server's clock is 12 ms behind the gateway's",
      "ok round trip: a round trip to nats-server takes 0.3 ms",
    ]);
  });

  it.each<[Partial<ServerFacts>, string]>([
    [{ version: "2.8.4" }, "problem nats-server: nats-server 2.8.4"],
    [{ version: "2.9.10" }, "warning fsync: nats-server 2.9.10 has no `sync_interval: always`"],
    [{ maxPayloadBytes: 524_288 }, "problem max_payload: max_payload 0.5 MiB"],
    [{ clockOffsetMs: 5_000 }, "warning clock: nats-server's clock is 5000 ms ahead of the gateway's"],
    [{ roundTripMs: 250 }, "warning round trip: a round trip to nats-server takes 250.0 ms"],
    [
      { account: { storageBytes: 95, storageMaxBytes: 100, streams: 1, consumers: 1 } },
      "problem jetstream: 1 streams, 1 consumers, 0.0 MiB of 0.0 MiB stored",
    ],
  ])("with %j is not", (change, wanted) => {
    expect(say(change)).toContainEqual(expect.stringContaining(wanted));
  });

  it("without JetStream says why", () => {
    const { account: _account, ...without } = well;
    const findings = checkServer({ ...without, jetStreamProblem: "not enabled" });
    expect(findings.map(({ seen }) => seen)).toContain("JetStream does not answer: not enabled");
  });

  it("never is warned of without advice", () => {
    const findings = checkServer({ version: "2.8.0", maxPayloadBytes: 1, roundTripMs: 999 });
    for (const { result, advice } of findings) expect(advice === "").toBe(result === "ok");
  });
});

describe("what stands beside it", () => {
  it.each([
    [checkStore({ readMs: 2 }), "ok"],
    [checkStore({ readMs: 2_000 }), "warning"],
    [checkStore({ failure: "away" }), "problem"],
    [checkNode("v26.10.0"), "ok"],
    [checkNode("v20.1.0"), "warning"],
  ])("%j", ({ result }, wanted) => {
    expect(result).toBe(wanted);
  });
});
