import { describe, expect, it } from "vitest";
import type { LocalFacts } from "./local-facts.ts";
import { localFindings } from "./local-findings.ts";

const gibibyte = 1024 ** 3;
const well: LocalFacts = {
  nodeVersion: "v20.19.0",
  gateway: { url: "http://127.0.0.1:7420", source: "the default", reached: undefined },
  nats: { url: "nats://127.0.0.1:4222", source: "the default", version: "2.9.10", jetStream: true },
  disk: { folder: "/data", freeBytes: 50 * gibibyte, sizeBytes: 100 * gibibyte },
};
const results = (change: Partial<LocalFacts>): readonly string[] =>
  localFindings({ ...well, ...change })
    .filter(({ result }) => result !== "ok")
    .map(({ check, result, advice }) => `${result} ${check} ${advice === "" ? "without advice" : "with advice"}`);

describe("what is seen from here", () => {
  it("is well", () => {
    expect(results({})).toEqual([]);
    expect(localFindings(well).map(({ check }) => check)).toEqual(["node here", "gateway", "nats-server here", "disk"]);
  });

  it.each<[string, Partial<LocalFacts>, string]>([
    ["an old Node", { nodeVersion: "v18.1.0" }, "problem node here with advice"],
    ["no gateway", { gateway: { ...well.gateway, reached: "ECONNREFUSED" } }, "problem gateway with advice"],
    [
      "a named nats-server that does not answer",
      { nats: { url: "nats://x:1", source: "from CAXTON_NATS_URL", failure: "refused" } },
      "problem nats-server here with advice",
    ],
    ["no JetStream", { nats: { ...well.nats, jetStream: false } }, "problem nats-server here with advice"],
    ["a fuller disk", { disk: { folder: "/", freeBytes: 4 * gibibyte, sizeBytes: 1 } }, "warning disk with advice"],
    ["a full disk", { disk: { folder: "/", freeBytes: 1, sizeBytes: 1 } }, "problem disk with advice"],
  ])("finds %s", (_what, change, wanted) => {
    expect(results(change)).toEqual([wanted]);
  });

  it("does not blame a default address where the gateway has a bus of its own", () => {
    const nats = { url: "nats://127.0.0.1:4222", source: "the default", failure: "refused" };
    expect(results({ nats })).toEqual([]);
    expect(results({ nats, gateway: { ...well.gateway, reached: "refused" } })).toHaveLength(2);
  });
});
