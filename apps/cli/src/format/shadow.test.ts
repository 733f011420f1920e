import type { ShadowReport } from "@caxton/contracts/shadow";
import { describe, expect, it } from "vitest";
import { shadowPage } from "./shadow-page.ts";
import { shadowLines } from "./shadow.ts";
import { plain } from "./style.ts";

const estimate = (value: number) => ({ value, low: value * 0.9, high: value * 1.1 });
const quantiles = { p50: estimate(0.02), p90: estimate(0.13), p99: estimate(1.2) };

const report: ShadowReport = {
  agent: "quake-watch",
  deployment: "01999a5e-7c00-7a41-9d2c-3f1b8f6a2c10",
  version: "quake-v4-9bee3",
  state: "ended",
  startedAtMs: 0,
  endsAtMs: 6_000,
  endedAtMs: 6_100,
  asOfMs: 6_100,
  ending: { cause: "over", message: "its time is over and everything of it is compared" },
  settings: {
    compare: ["output_equivalence", "performance_metrics", "resource_usage"],
    sample: 0.5,
    ignore: ["$.rule"],
    tolerance: 1e-9,
  },
  messages: {
    read: 4_000,
    notSampled: 2_000,
    notHandled: 3,
    compared: 1_700,
    equal: 1_600,
    different: 100,
    failed: 290,
    missed: 7,
  },
  shareEqual: { value: 0.9412, low: 0.93, high: 0.951 },
  perLive: [
    { version: "quake-v1-a63db", compared: 1_000, equal: 950, different: 50, failed: 200 },
    { version: "quake-v3-0c0ff", compared: 700, equal: 650, different: 50, failed: 90 },
  ],
  differences: [
    {
      group: "alert $.located: added",
      messages: 100,
      share: estimate(0.06),
      samples: [{ sequence: 7, messageId: "m-7", live: "", shadow: '"<b>by 9 stations</b>"' }],
    },
  ],
  noise: [{ group: "alert $.at: value", messages: 1_700, selfDiffered: 39 }],
  self: { runs: 39, differed: 39, unanswered: 0 },
  failures: [{ code: "agent-trap", messages: 290, reason: "of null & <nothing>", messageIds: ["m-1", "m-2"] }],
  missed: { trimmed: 2, behind: 5, unanswered: 0 },
  latencyMs: { pairs: 1_700, live: quantiles, shadow: quantiles, slower: { value: -0.002, low: -0.003, high: 0.001 } },
  cpuMs: { live: { perMessage: estimate(0.2), spans: 6 }, shadow: { perMessage: estimate(1.2), spans: 6 } },
  memoryBytes: { live: { mean: estimate(150e6), max: 160e6, samples: 6 } },
  instances: { ready: 1, restarts: 2 },
  behind: { outcomes: 0, ms: 0 },
};

describe("a shadow's report for people", () => {
  it("says what was found, with samples and intervals", () => {
    expect(shadowLines(report, plain)).toEqual([
      "quake-v4-9bee3 beside quake-watch: shadow, ended (over)",
      "Deployment  01999a5e-7c00-7a41-9d2c-3f1b8f6a2c10",
      "Compared    1970-01-01T00:00:00.000Z to 1970-01-01T00:00:06.100Z",
      "Ended       its time is over and everything of it is compared",
      "Compares    output_equivalence, performance_metrics, resource_usage on 50% of the messages",
      "Numbers     the same within 1e-9 of the larger one; ignored: $.rule",
      "Messages    4,000 read (2,000 not sampled, 3 dead-lettered by the live version)",
      "Missed      5 when it was cut off, 2 that the inbox had no more",
      "Instances   1 ready, started again 2 times",
      "",
      "✗ 94.12% (93% to 95.1%) of 1,700 messages have equal outputs (100 differ)",
      "",
      "LIVE VERSION    COMPARED  EQUAL  DIFFERENT  FAILED",
      "quake-v1-a63db     1,000    950         50     200",
      "quake-v3-0c0ff       700    650         50      90",
      "",
      "Differences, by where they are:",
      "  alert $.located: added  100 messages, 6% (5.4% to 6.6%)",
      '      m-7: nothing → "<b>by 9 stations</b>"',
      "",
      "✗ The shadow failed on 290 messages that the live version handled:",
      "  agent-trap  290 messages: of null & <nothing>",
      "      m-1, m-2",
      "",
      "The live version handled 39 of the messages once more; it differs from itself in alert $.at: value: not counted as differences",
      "",
      "               LIVE                                SHADOW",
      "p50 latency    0.02 ms (0.02 ms to 0.02 ms)        0.02 ms (0.02 ms to 0.02 ms)",
      "p90 latency    0.13 ms (0.12 ms to 0.14 ms)        0.13 ms (0.12 ms to 0.14 ms)",
      "p99 latency    1.20 ms (1.08 ms to 1.32 ms)        1.20 ms (1.08 ms to 1.32 ms)",
      "CPU a message  0.20 ms (0.18 ms to 0.22 ms)        1.20 ms (1.08 ms to 1.32 ms)",
      "memory         143.1 MiB (128.7 MiB to 157.4 MiB)  -",
      "On the same message the shadow takes -0.002 ms (-0.003 ms to +0.001 ms) compared with the live version, at the median",
      "In brackets: 95 % intervals",
    ]);
  });

  it("of one that has begun says so, and nothing that is not known yet", () => {
    const { shareEqual: _shareEqual, ending: _ending, endedAtMs: _endedAtMs, ...begun } = report;
    const messages = { ...report.messages, read: 0, notSampled: 0, notHandled: 0, compared: 0, missed: 0, failed: 0 };
    const nothing = {
      differences: [],
      noise: [],
      failures: [],
      perLive: [],
      self: { runs: 0, differed: 0, unanswered: 0 },
    };
    const costs = { latencyMs: { pairs: 0 }, cpuMs: {}, memoryBytes: {}, instances: { ready: 1, restarts: 0 } };
    const lines = shadowLines({ ...begun, ...nothing, ...costs, state: "comparing", asOfMs: 500, messages }, plain);
    expect(lines[0]).toBe("quake-v4-9bee3 beside quake-watch: shadow, comparing for another 6 seconds");
    expect(lines.at(-1)).toBe("Nothing was compared yet");
  });
});

describe("a shadow's report as a page", () => {
  const page = shadowPage(report);

  it("needs nothing else: no script, no network", () => {
    expect(page).not.toMatch(/<script|<link|<img|url\(|@import|src=/);
    expect(page.match(/https?:\/\/[^"\s]+/g)?.filter((url) => url !== "http://www.w3.org/2000/svg")).toEqual([]);
  });

  it("has a picture of what is equal, of the differences, and of each thing that both take", () => {
    expect(page.match(/<svg /g)).toHaveLength(7);
  });

  it("shows what agents and messages say as text", () => {
    expect(page).toContain("&lt;b&gt;by 9 stations&lt;/b&gt;");
    expect(page).toContain("of null &amp; &lt;nothing&gt;");
    expect(page).not.toContain("<b>");
  });

  it("leaves room for what is written beside a line", () => {
    const pictureWidth = 860;
    const characterWidth = 7;
    const texts = [...page.matchAll(/<text x="([\d.]+)" y="\d+" fill="currentColor">([^<]+)</g)];
    expect(texts.length).toBeGreaterThan(10);
    for (const [, x, text = ""] of texts)
      expect(Number(x) + text.length * characterWidth).toBeLessThanOrEqual(pictureWidth);
  });

  it("closes what it opens", () => {
    const count = (what: RegExp): number => page.match(what)?.length ?? 0;
    for (const tag of ["table", "tr", "td", "th", "svg", "p", "h2", "h3", "code", "body", "html"]) {
      expect([tag, count(new RegExp(`<${tag}[ >]`, "g"))]).toEqual([tag, count(new RegExp(`</${tag}>`, "g"))]);
    }
  });
});
