import { defaultLimits } from "@caxton/contracts/limits";
import { expect, test } from "vitest";
import { preferredHost } from "./spread.ts";

const slot = (version: string, index: number) => ({
  index,
  spec: {
    agent: "echo",
    version,
    deployment: "d",
    digest: "a",
    configuration: "{}",
    limits: { ...defaultLimits },
    instances: 4,
    concurrency: 1,
    desired: "running" as const,
  },
});
const hosts = ["a", "b", "c"];

test("a version's slots go round the hosts, in the same way for whoever asks", () => {
  const taken = [0, 1, 2, 3, 4, 5].map((index) => preferredHost(slot("v1", index), hosts));
  for (const host of hosts) expect(taken.filter((one) => one === host)).toHaveLength(2);
  expect(taken).toEqual([0, 1, 2, 3, 4, 5].map((index) => preferredHost(slot("v1", index), ["c", "a", "b", "a"])));
});

test("versions of one instance do not all go to the same host", () => {
  const versions = Array.from({ length: 30 }, (_, n) => preferredHost(slot(`v${n}`, 0), hosts));
  expect(new Set(versions)).toEqual(new Set(hosts));
});
