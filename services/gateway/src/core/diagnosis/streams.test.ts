import { describe, expect, it } from "vitest";
import { checkStreams, type StreamFacts } from "./streams.ts";

const day = 86_400_000;
const inbox: StreamFacts = {
  name: "CAXTON_INBOX_proc",
  retention: "limits",
  discard: "new",
  maxBytes: 4_096,
  maxMessageBytes: 256,
  maxAgeMs: 0,
};
const logs: StreamFacts = { ...inbox, name: "CAXTON_LOGS", discard: "old", maxAgeMs: 7 * day };
const say = (found: readonly StreamFacts[]): readonly string[] =>
  checkStreams(found, [inbox, logs]).map(({ result, seen }) => `${result} ${seen}`);

describe("streams", () => {
  it("are as they should be, also where an operator gave one more room", () => {
    expect(say([{ ...inbox, maxBytes: 9_999 }, logs])).toEqual(["ok 2 streams as they should be"]);
    expect(say([{ ...inbox, maxBytes: -1 }, logs])).toEqual(["ok 2 streams as they should be"]);
  });

  it.each<[string, readonly StreamFacts[], string]>([
    ["is missing", [inbox], "problem there is no stream CAXTON_LOGS"],
    [
      "forgets what is acknowledged",
      [{ ...inbox, retention: "workqueue" }, logs],
      "problem CAXTON_INBOX_proc has retention 'workqueue', not 'limits': messages go when they are acknowledged",
    ],
    [
      "drops the oldest",
      [{ ...inbox, discard: "old" }, logs],
      "problem CAXTON_INBOX_proc discards 'old', not 'new': when it is full the oldest are dropped, handled or not",
    ],
    [
      "forgets what is old",
      [{ ...inbox, maxAgeMs: day }, logs],
      "problem CAXTON_INBOX_proc keeps 1 days, not everything: what is older goes, handled or not",
    ],
    ["keeps logs for less", [inbox, { ...logs, maxAgeMs: day }], "warning CAXTON_LOGS keeps 1 days, not 7 days"],
    [
      "takes other messages",
      [{ ...inbox, maxMessageBytes: 9 }, logs],
      "warning CAXTON_INBOX_proc takes messages of 9 bytes, not 256",
    ],
    ["has less room", [{ ...inbox, maxBytes: 9 }, logs], "warning CAXTON_INBOX_proc holds 9 bytes at most, not 4096"],
  ])("are not where one %s", (_what, found, wanted) => {
    expect(say(found)).toEqual([wanted]);
  });

  it("lose what is oldest where a limit in bytes refuses nothing", () => {
    const found = checkStreams([inbox], [{ ...inbox, maxBytes: -1 }]);
    expect(found).toMatchObject([
      {
        result: "problem",
        seen: "CAXTON_INBOX_proc is limited to 4096 bytes: when it is nearly full this nats-server drops the oldest, handled or not",
        advice: "`nats stream edit CAXTON_INBOX_proc --max-bytes -1 --max-msgs 8`, or nats-server 2.10.6",
      },
    ]);
  });

  it("have no consumers of an earlier life", () => {
    const findings = checkStreams([inbox], [inbox], [{ stream: inbox.name, name: "router-17" }]);
    expect(findings.map(({ result, advice }) => `${result} ${advice}`)).toEqual([
      "ok ",
      "warning nobody uses it: `nats consumer rm CAXTON_INBOX_proc router-17`",
    ]);
  });
});
