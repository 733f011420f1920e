import type { ShadowSpec } from "@caxton/contracts/shadow";
import { shadowReport } from "@caxton/contracts/shadow";
import { defaultShadow } from "@caxton/deployment/shadow/settings";
import { describe, expect, it } from "vitest";
import type { Difference } from "./outputs.ts";
import { reportOf } from "./report.ts";
import { wantsSelfRun } from "./self-runs.ts";
import {
  countCompared,
  countFailed,
  countSelf,
  emptyTally,
  noteCpu,
  noteLatencies,
  noteMemory,
  type Tally,
} from "./tally.ts";

const spec: ShadowSpec = {
  agent: "quake-watch",
  deployment: "01999a5e-7c00-7a41-9d2c-3f1b8f6a2c10",
  version: "quake-v2-7f8d9",
  settings: { ...defaultShadow, compare: [...defaultShadow.compare], ignore: [] },
  messageTimeoutMs: 1_000,
  startedAtMs: 0,
  endsAtMs: 60_000,
  state: "running",
};
const moment = { nowMs: 30_000, instances: { ready: 1, restarts: 0 }, behind: { outcomes: 0, ms: 0 } };
const at = (group: string): Difference => ({ group, live: "1", shadow: "2" });
const time = "alert $.at: value";
const size = "alert $.magnitude: value";

function compare(tally: Tally, count: number, ...found: readonly string[]): void {
  for (let sequence = 1; sequence <= count; sequence += 1) {
    countCompared(tally, { live: "quake-v1-11111", sequence, messageId: `m-${sequence}` }, found.map(at));
  }
}
function self(tally: Tally, count: number, of: readonly string[], differing: readonly string[]): void {
  for (let run = 0; run < count; run += 1) countSelf(tally, of, differing.map(at));
}

describe("a shadow's report", () => {
  it("says what share is equal, with its interval, and groups what differs", () => {
    const tally = emptyTally();
    compare(tally, 90);
    compare(tally, 10, size);
    const { messages, shareEqual, differences } = reportOf(spec, tally, moment);
    expect(messages).toMatchObject({ compared: 100, equal: 90, different: 10 });
    expect(shareEqual?.value).toBe(0.9);
    expect(shareEqual?.low).toBeCloseTo(0.8256, 3);
    expect(differences).toMatchObject([{ group: size, messages: 10 }]);
    expect(differences[0]?.samples).toHaveLength(3);
    expect(differences[0]?.samples[0]).toEqual({ sequence: 1, messageId: "m-1", live: "1", shadow: "2" });
  });

  it("takes out what differs from itself, also from what was counted before that was known", () => {
    const tally = emptyTally();
    compare(tally, 90, time);
    compare(tally, 10, time, size);
    self(tally, 20, [time], [time]);
    const { messages, differences, noise } = reportOf(spec, tally, moment);
    expect(messages).toMatchObject({ compared: 100, equal: 90, different: 10 });
    expect(differences.map(({ group }) => group)).toEqual([size]);
    expect(noise).toEqual([{ group: time, messages: 100, selfDiffered: 20 }]);
  });

  it("keeps a difference that is more frequent than the live version's own", () => {
    const tally = emptyTally();
    compare(tally, 500, size);
    compare(tally, 500);
    self(tally, 1, [size], [size]);
    self(tally, 199, [size], []);
    expect(reportOf(spec, tally, moment).differences.map(({ group }) => group)).toEqual([size]);
  });

  it("counts each live version by itself", () => {
    const tally = emptyTally();
    compare(tally, 3);
    countCompared(tally, { live: "quake-v3-33333", sequence: 9, messageId: "m-9" }, [at(size)]);
    countFailed(tally, { live: "quake-v3-33333", sequence: 10, messageId: "m-10" }, "agent-trap", "unreachable");
    const { perLive, failures, messages } = reportOf(spec, tally, moment);
    expect(perLive).toEqual([
      { version: "quake-v1-11111", compared: 3, equal: 3, different: 0, failed: 0 },
      { version: "quake-v3-33333", compared: 1, equal: 0, different: 1, failed: 1 },
    ]);
    expect(failures).toEqual([{ code: "agent-trap", messages: 1, reason: "unreachable", messageIds: ["m-10"] }]);
    expect(messages.failed).toBe(1);
  });

  it("counts all of very many that differ in ever other ways, and fits its schema", () => {
    const tally = emptyTally();
    for (let n = 0; n < 5_000; n += 1) {
      const differences = [at(`alert $.m${n % 1_000}: value`), at(`k${n}: another order`)];
      countCompared(tally, { live: "v", sequence: n, messageId: `m-${n}` }, differences);
      noteLatencies(tally, "seed", 1 + (n % 7), 2 + (n % 7));
      noteCpu(tally, "shadow", 2, 10);
      noteMemory(tally, "live", 1_000 + n);
    }
    const ending = { cause: "over", message: "its time is over" } as const;
    const report = reportOf(spec, tally, { ...moment, ending, endedAtMs: 60_000 });
    expect(shadowReport.check(JSON.parse(JSON.stringify(report)))).toEqual(report);
    expect(report.messages).toMatchObject({ compared: 5_000, different: 5_000 });
    expect(report.latencyMs.slower?.value).toBe(1);
    expect(report.cpuMs.shadow?.perMessage.value).toBeCloseTo(0.2);
    expect(report.memoryBytes.live?.max).toBe(5_999);
  });

  it("fits into one message of the bus, whatever agents say", () => {
    const tally = emptyTally();
    const much = "€".repeat(1_000);
    const shown = much.slice(0, 121);
    for (let n = 0; n < 4_000; n += 1) {
      const judged = { live: `quake-v${n % 50}-11111`, sequence: n, messageId: `${n} ${much}` };
      const differences = Array.from({ length: 64 }, (_, k) => ({
        group: `${n * 7 + k * 3} ${much}`,
        live: shown,
        shadow: shown,
      }));
      countCompared(tally, judged, differences);
      countFailed(tally, judged, `code-${n % 100}`, much);
      noteLatencies(tally, "seed", 123.456, 234.567);
      noteCpu(tally, "shadow", 1.234, 56);
      noteCpu(tally, "live", 1.234, 56);
    }
    const record = { report: reportOf(spec, tally, moment), progress: { position: 4_000, tally } };
    expect(Buffer.byteLength(JSON.stringify(record))).toBeLessThan(1_000_000);
    expect(record.report.messages).toMatchObject({ compared: 4_000, different: 4_000, failed: 4_000 });
  });

  it("of nothing says nothing", () => {
    const report = reportOf(spec, emptyTally(), moment);
    expect(report.shareEqual).toBeUndefined();
    expect(report.latencyMs).toEqual({ pairs: 0 });
    expect(shadowReport.matches(report)).toBe(true);
  });
});

describe("the live version is asked again", () => {
  it("for the first messages, for what little is known of, and seldom otherwise", () => {
    const tally = emptyTally();
    expect(wantsSelfRun(tally, "m", [], 0)).toBe(true);
    self(tally, 20, [], []);
    compare(tally, 1, size);
    expect(wantsSelfRun(tally, "m", [size], 0)).toBe(true);
    self(tally, 10, [size], []);
    const asked = Array.from({ length: 1_000 }, (_, n) => wantsSelfRun(tally, `m-${n}`, [size], 0)).filter(
      Boolean,
    ).length;
    expect(asked).toBeGreaterThan(5);
    expect(asked).toBeLessThan(50);
  });

  it("not more than so often in a second", () => {
    expect(wantsSelfRun(emptyTally(), "m", [size], 10)).toBe(false);
  });
});
