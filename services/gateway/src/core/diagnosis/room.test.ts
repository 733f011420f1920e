import { expect, test } from "vitest";
import { checkRoom } from "./room.ts";

const gibibyte = 1024 ** 3;
const facts = { reservedBytes: 8 * gibibyte, limitBytes: 79 * gibibyte, perAgentBytes: 3 * gibibyte };

test.each([
  [facts, "ok 8.0 GiB are set aside for streams, of 79.0 GiB; an agent's take 3.0 GiB, so 23 more agents fit"],
  [
    { ...facts, reservedBytes: 75 * gibibyte },
    "warning 75.0 GiB are set aside for streams, of 79.0 GiB; an agent's take 3.0 GiB, so 1 more agent fits",
  ],
  [
    { ...facts, reservedBytes: 90 * gibibyte },
    "problem 90.0 GiB are set aside for streams, of 79.0 GiB; an agent's take 3.0 GiB, so 0 more agents fit",
  ],
  [
    { ...facts, perAgentBytes: 0 },
    "ok 8.0 GiB are set aside for streams; agents are limited in messages here, for which nothing is set aside: watch the disk",
  ],
])("what fits is counted: %j", (room, wanted) => {
  const { result, seen, advice } = checkRoom(room);
  expect(`${result} ${seen}`).toBe(wanted);
  expect(advice === "").toBe(result === "ok");
});

test("where nobody says how much there is, it says who could", () => {
  expect(checkRoom({ ...facts, limitBytes: undefined }).seen).toMatch(/CAXTON_BUS_STORAGE_MAX_BYTES tells the gateway/);
});
