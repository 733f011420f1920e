import { expect, test } from "vitest";
import { soak } from "./soak.ts";
import { isLong } from "../harness/long.ts";

const messages = 20_000;

test.skipIf(!isLong)(
  "a short soak handles every message and no process grows beyond its bound in the second half",
  { timeout: 300_000 },
  async () => {
    const { ledger, growth, samples } = await soak(messages, () => undefined);
    expect(ledger.accepted).toBeGreaterThanOrEqual(messages);
    expect(ledger).toMatchObject({ handled: ledger.accepted, deadLettered: 0, pending: 0 });
    expect(Object.keys(samples)).toContain("instance 1");
    expect(growth.filter(({ endMiB, boundMiB }) => !(endMiB <= boundMiB))).toEqual([]);
  },
);
