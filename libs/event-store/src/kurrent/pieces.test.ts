import { expect, test } from "vitest";
import { withoutSecrets } from "./connection.ts";
import { formatPlace, parsePlace } from "./position.ts";
import { fromServerEvent, toServerEvent, withServerIds } from "./record.ts";
import { Resume } from "./subscribe.ts";

const id = "0AF76519-16CD-43DD-8448-EB211C80319C";
const metadata = { actor: "t", commandId: id, causationId: id, correlationId: id };
const event = { id, type: "VersionStarted", schemaVersion: 2, data: null, metadata };
const position = { commit: 9_007_199_254_740_993n, prepare: 5n };

test("a bigint position goes through text without loss; without one the event itself is the place", () => {
  const text = formatPlace(position, "agent-a", 3n);
  expect(parsePlace(String(JSON.parse(JSON.stringify(text))))).toEqual({ all: position });
  const none = { commit: 2n ** 64n - 1n, prepare: 2n ** 64n - 1n };
  for (const missing of [undefined, none])
    expect(parsePlace(formatPlace(missing, "agent-a", 3n))).toEqual({ stream: "agent-a", revision: 3n });
});

test.each(["", "x", "0-0", "1:", "-1:2", "$all@1", "a@-1"])("position %j is refused", (text) => {
  expect(() => parsePlace(text)).toThrow(expect.objectContaining({ code: "invalid-argument" }));
});

test("what was processed before a break is dropped after it, and the position to go on from is an event's own", () => {
  const resume = new Resume(undefined);
  const at = (commit: bigint, prepare: bigint) => ({ commit, prepare });
  expect(resume.after).toBeUndefined();
  expect(resume.isNew(at(5n, 5n), "agent-a", 0n)).toBe(true);
  // Not processed yet, so it has to come again.
  expect(resume.isNew(at(5n, 5n), "agent-a", 0n)).toBe(true);
  resume.processed(at(5n, 5n));
  expect(resume.after).toEqual(at(5n, 5n));
  expect(resume.isNew(at(5n, 5n), "agent-a", 0n)).toBe(false);
  expect(resume.isNew(at(4n, 9n), "agent-a", 0n)).toBe(false);
  expect(resume.isNew(at(5n, 6n), "agent-a", 1n)).toBe(true);
});

test("a place named by its event is looked for from the beginning, and must be found", () => {
  const resume = new Resume({ stream: "agent-a", revision: 1n });
  expect(resume.isNew({ commit: 1n, prepare: 1n }, "agent-a", 0n)).toBe(false);
  expect(() => resume.requireFound()).toThrow(expect.objectContaining({ code: "invalid-argument" }));
  expect(resume.isNew({ commit: 2n, prepare: 2n }, "agent-a", 1n)).toBe(false);
  resume.processed({ commit: 2n, prepare: 2n });
  resume.requireFound();
  expect(resume.isNew({ commit: 3n, prepare: 3n }, "agent-b", 0n)).toBe(true);
});

test("ids are lower case and UUIDs; metadata carries the server's own names and comes back as it went in", () => {
  const [sent] = withServerIds([event]);
  expect(sent?.id).toBe(id.toLowerCase());
  expect(() => withServerIds([{ ...event, id: "one" }])).toThrow(expect.objectContaining({ code: "invalid-argument" }));
  const stored = toServerEvent(event);
  expect(stored).toMatchObject({ contentType: "application/json", metadata: { $correlationId: id, $causationId: id } });
  const back = {
    ...stored,
    streamId: "agent-a",
    revision: 4n,
    isJson: true as const,
    created: new Date(1_234),
    position,
  };
  expect(fromServerEvent(back)).toEqual({
    ...event,
    stream: "agent-a",
    revision: 4,
    position: "9007199254740993:5",
    recordedAtMs: 1_234,
  });
});

test("system streams and what other writers stored are not ours", () => {
  const stored = toServerEvent(event);
  const back = { ...stored, streamId: "agent-a", revision: 4n, isJson: true as const, created: new Date(0), position };
  expect(fromServerEvent({ ...back, streamId: "$settings" })).toBeUndefined();
  expect(fromServerEvent({ ...back, streamId: "orders.eu" })).toBeUndefined();
  expect(fromServerEvent({ ...back, metadata: { who: "else" } })).toBeUndefined();
  expect(fromServerEvent(undefined)).toBeUndefined();
});

test("a connection string is shown without user, password and options", () => {
  expect(withoutSecrets("kurrentdb://admin:ch@ngeit@db:2113?tls=false&x=y")).toBe("kurrentdb://db:2113");
});
