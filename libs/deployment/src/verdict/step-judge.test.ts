import { describe, expect, it } from "vitest";
import { defaultRules, type Finding, type Metric, type Rule, type Verdict } from "../judging.ts";
import type { Sample } from "./metric-samples.ts";
import type { Latencies } from "./sampled-rule.ts";
import { StepJudge } from "./step-judge.ts";

const startMs = 1_000_000;
const everyMs = 10;

/** Exact, where the services have a sketch. */
class Measured implements Latencies {
  readonly #all: { readonly latencyMs: number; readonly atMs: number }[] = [];

  add({ latencyMs, atMs }: Sample): void {
    if (latencyMs !== undefined) this.#all.push({ latencyMs, atMs });
  }

  quantileMs(quantile: number, sinceMs: number, besides: readonly number[]): number | undefined {
    const since = this.#all.filter(({ atMs }) => atMs >= sinceMs).map(({ latencyMs }) => latencyMs);
    const sorted = [...since, ...besides].toSorted((a, b) => a - b);
    return sorted[Math.ceil(quantile * sorted.length) - 1];
  }
}

/** A step of a canary, told message by message, one every 10 ms. */
class Story {
  readonly #judge: StepJudge;
  readonly #latencies = new Measured();
  #nowMs = startMs;

  constructor(...rules: readonly Rule[]) {
    this.#judge = new StepJudge({ step: 2, rules, startMs });
  }

  handles(count: number, latencyMs = 12): this {
    return this.#add(count, { failed: false, timedOut: false, latencyMs });
  }

  failsOn(count: number): this {
    return this.#add(count, { failed: true, timedOut: false });
  }

  timesOutOn(count: number, latencyMs = 200): this {
    return this.#add(count, { failed: true, timedOut: true, latencyMs });
  }

  holds(...agesMs: readonly number[]): this {
    this.#judge.addInFlight("router-a", agesMs, this.#nowMs);
    this.#lookIfBreached();
    return this;
  }

  /** The stable version has this, and that at most. */
  beside(metric: Metric, observed: number, atMost: number): this {
    this.#judge.setBaselines(new Map([[metric, { observed, atMost }]]));
    return this;
  }

  takes(bytes: number): this {
    this.#judge.addMemory(bytes, this.#nowMs);
    return this;
  }

  waits(ms: number): this {
    this.#nowMs += ms;
    return this;
  }

  get verdict(): Verdict {
    return this.#judge.verdict(this.#latencies, this.#nowMs);
  }

  get finding(): Finding | undefined {
    return this.verdict.findings[0];
  }

  /** ms after the step's beginning. */
  get breachedAfterMs(): number | undefined {
    const { breachedAtMs } = this.#judge;
    return breachedAtMs === undefined ? undefined : breachedAtMs - startMs;
  }

  /** As the services do: a failure is said at once. */
  #lookIfBreached(): void {
    if (this.#judge.breachedAtMs !== undefined) void this.verdict;
  }

  #add(count: number, sample: Omit<Sample, "atMs">): this {
    for (let index = 0; index < count; index += 1) {
      this.#nowMs += everyMs;
      const whole = { ...sample, atMs: this.#nowMs };
      this.#judge.add(whole);
      this.#latencies.add(whole);
      this.#lookIfBreached();
    }
    return this;
  }
}

const errorRate: Rule = { metric: "error_rate", comparison: ">", threshold: { kind: "absolute", value: 0.01 } };
const p99: Rule = { metric: "p99_latency", comparison: ">", threshold: { kind: "absolute", value: 100 } };

describe("a step", () => {
  it("without a message says nothing", () => {
    const { verdict, breachedAfterMs } = new Story(...defaultRules).waits(60_000);
    expect(verdict.outcome).toBe("inconclusive");
    expect(verdict.asOfMs).toBe(startMs);
    expect(verdict.findings).toEqual([
      {
        metric: "error_rate",
        rule: "error_rate > 1%",
        outcome: "inconclusive",
        samples: 0,
        threshold: 0.01,
        windowMs: 60_000,
      },
      {
        metric: "p99_latency",
        rule: "p99_latency > 100ms",
        outcome: "inconclusive",
        samples: 0,
        threshold: 100,
        windowMs: 60_000,
      },
    ]);
    expect(breachedAfterMs).toBeUndefined();
  });

  it("passes on fifty good messages, not on fewer", () => {
    const story = new Story(...defaultRules).handles(49);
    expect(story.verdict.outcome).toBe("inconclusive");
    const { verdict } = story.handles(1);
    expect(verdict).toMatchObject({
      outcome: "pass",
      asOfMs: startMs + 500,
      findings: [
        { outcome: "pass", samples: 50, observed: 0 },
        { outcome: "pass", samples: 50, observed: 12 },
      ],
    });
  });

  it("fails as soon as it is beyond doubt, with the moment of the message that was one too many", () => {
    const story = new Story(errorRate).handles(20).failsOn(2);
    expect(story.verdict.outcome).toBe("inconclusive");
    story.failsOn(2);
    const failed = { outcome: "fail", samples: 4, observed: 1, bound: 0.02, threshold: 0.01, windowMs: 40 };
    expect(story.breachedAfterMs).toBe(240);
    expect(story.finding).toMatchObject(failed);
    expect(story.failsOn(10).handles(10_000).waits(60_000).finding).toMatchObject(failed);
  });

  it("that turns bad late is judged by what happened since", () => {
    const { finding, verdict } = new Story(errorRate).handles(60_000).failsOn(10);
    expect(verdict.outcome).toBe("fail");
    expect(finding?.observed).toBeGreaterThan(0.5);
    expect(finding?.windowMs).toBeLessThan(200);
  });

  it("holds where more than allowed was seen and nothing is beyond doubt", () => {
    const story = new Story(errorRate).handles(98).failsOn(2);
    expect(story.finding).toMatchObject({ outcome: "inconclusive", samples: 100, observed: 0.02 });
    expect(story.handles(100).finding).toMatchObject({ outcome: "pass", samples: 200, observed: 0.01 });
  });

  it("needs as many samples as its rule says, for good and for bad", () => {
    const story = new Story({ ...errorRate, minSamples: 200 }).failsOn(199);
    expect(story.finding).toMatchObject({ outcome: "inconclusive", samples: 199, observed: 1 });
    expect(story.failsOn(1).finding).toMatchObject({ outcome: "fail", samples: 200 });
    expect(new Story({ ...errorRate, minSamples: 200 }).handles(199).finding?.outcome).toBe("inconclusive");
  });

  it("fails only when it was bad for as long as its rule says without a break", () => {
    const story = new Story({ ...errorRate, forMs: 10_000 }).failsOn(500);
    expect(story.finding?.outcome).toBe("inconclusive");
    expect(story.handles(300).failsOn(900).finding?.outcome).toBe("inconclusive");
    expect(story.failsOn(110).finding).toMatchObject({ outcome: "fail", rule: "error_rate > 1% for 10s" });
  });

  it("counts what timed out apart where the rule asks for that", () => {
    const timeoutRate: Rule = { ...errorRate, metric: "timeout_rate" };
    expect(new Story(timeoutRate).handles(50).failsOn(50).finding).toMatchObject({ outcome: "pass", observed: 0 });
    expect(new Story(timeoutRate).timesOutOn(5).finding).toMatchObject({ outcome: "fail", observed: 1 });
  });

  it("that is `>=` its threshold does not pass on it", () => {
    const half = { kind: "absolute", value: 0.5 } as const;
    const evenly = (rule: Rule): Story => {
      const story = new Story(rule);
      for (let index = 0; index < 50; index += 1) story.failsOn(1).handles(1);
      return story;
    };
    expect(evenly({ ...errorRate, threshold: half }).finding?.outcome).toBe("pass");
    expect(evenly({ ...errorRate, threshold: half, comparison: ">=" }).finding?.outcome).toBe("inconclusive");
  });
});

describe("a rule about latency", () => {
  it("fails when more than one in a hundred is slower, and says what the quantile is at least", () => {
    const story = new Story(p99).handles(300);
    expect(story.finding).toMatchObject({ outcome: "pass", observed: 12, threshold: 100 });
    const { finding } = story.handles(8, 260);
    expect(finding).toMatchObject({ outcome: "fail", observed: 260, bound: 200 });
  });

  it("counts messages that are still there with the time they have been there", () => {
    const story = new Story(p99).handles(200).holds(40, 30, 20);
    expect(story.finding).toMatchObject({ outcome: "pass", samples: 200 });
    story.waits(250).holds(300, 290, 280, 270, 260);
    expect(story.finding?.outcome).toBe("pass");
    const { finding, breachedAfterMs } = story.waits(250).holds(300, 290, 280, 270, 260);
    expect(finding).toMatchObject({ outcome: "fail", observed: 280, samples: 205 });
    expect(breachedAfterMs).toBe(2_500);
  });

  it("does not count a moment in which all stood still", () => {
    const story = new Story(p99).handles(200).holds(900, 900, 900, 900, 900).holds(30, 20);
    expect(story.finding).toMatchObject({ outcome: "pass", samples: 200 });
    expect(story.holds(300, 300, 300, 300).holds(550).finding).toMatchObject({ outcome: "pass", samples: 201 });
  });

  it("counts a message once that was said to be there and is decided", () => {
    const story = new Story(p99).handles(400).holds(140, 130).holds(150, 150);
    expect(story.finding?.samples).toBe(402);
    story.timesOutOn(1, 160);
    expect(story.finding?.samples).toBe(402);
    story.timesOutOn(1, 160);
    expect(story.finding?.samples).toBe(402);
    expect(story.holds().finding?.samples).toBe(402);
  });

  it("leaves out what failed early, and counts what timed out", () => {
    const story = new Story(p99).handles(60).failsOn(60);
    expect(story.finding).toMatchObject({ outcome: "pass", samples: 60 });
    expect(story.timesOutOn(6).finding?.outcome).toBe("fail");
  });

  it("may ask for other quantiles", () => {
    const p50: Rule = { ...p99, metric: "p50_latency" };
    const p90: Rule = { ...p99, metric: "p90_latency" };
    const mixed = (rule: Rule): Finding | undefined => {
      const story = new Story(rule);
      for (let index = 0; index < 100; index += 1) story.handles(4).handles(1, 150);
      return story.finding;
    };
    expect(mixed(p50)).toMatchObject({ outcome: "pass", observed: 12 });
    expect(mixed(p90)).toMatchObject({ outcome: "fail", observed: 150 });
  });
});

describe("a rule that speaks of a baseline", () => {
  const worse: Rule = { metric: "error_rate", comparison: ">", threshold: { kind: "baseline", factor: 1, plus: 0.01 } };
  const slower: Rule = {
    metric: "p99_latency",
    comparison: ">",
    threshold: { kind: "baseline", factor: 1.5, plus: 0 },
  };

  it("says nothing until the baseline is known", () => {
    const { finding } = new Story(worse).handles(500).failsOn(50);
    expect(finding).toMatchObject({ outcome: "inconclusive", samples: 550, rule: "error_rate > baseline + 1%" });
    expect(finding).not.toHaveProperty("threshold");
  });

  it("allows what the stable version has", () => {
    const mixed = (story: Story): Story => {
      for (let index = 0; index < 100; index += 1) story.handles(49).failsOn(1);
      return story;
    };
    expect(mixed(new Story(worse).beside("error_rate", 0.015, 0.02)).finding).toMatchObject({
      outcome: "pass",
      observed: 0.02,
      threshold: 0.025,
    });
    expect(mixed(new Story(worse).beside("error_rate", 0, 0.000_1)).finding?.outcome).toBe("fail");
  });

  it("neither passes nor fails on what lies within the uncertainty of the baseline", () => {
    const story = new Story(worse).beside("error_rate", 0.01, 0.1);
    for (let index = 0; index < 20; index += 1) story.handles(19).failsOn(1);
    expect(story.finding).toMatchObject({ outcome: "inconclusive", observed: 0.05, threshold: 0.02 });
  });

  it("moves with the baseline", () => {
    const story = new Story(slower).beside("p99_latency", 10, 11).handles(200, 12);
    expect(story.finding).toMatchObject({ outcome: "pass", threshold: 15 });
    // Both got slower.
    story.beside("p99_latency", 40, 44).handles(200, 50);
    expect(story.finding).toMatchObject({ outcome: "pass", threshold: 60 });
    // Only the stable version recovers.
    expect(story.beside("p99_latency", 10, 11).handles(20, 50).finding?.outcome).toBe("fail");
  });
});

describe("a rule about memory", () => {
  const mebibyte = 1024 * 1024;
  const memory: Rule = { metric: "memory", comparison: ">", threshold: { kind: "absolute", value: 200 * mebibyte } };

  it("passes on a few readings within its threshold", () => {
    const story = new Story(memory);
    expect(story.finding).toMatchObject({ outcome: "inconclusive", samples: 0 });
    for (let reading = 0; reading < 3; reading += 1) story.waits(1_000).takes(150 * mebibyte);
    expect(story.finding).toMatchObject({ outcome: "pass", samples: 3, observed: 150 * mebibyte });
  });

  it("fails when it was beyond for ten seconds, or for as long as it says, without a break", () => {
    const over = (story: Story, seconds: number): Story => {
      for (let second = 0; second < seconds; second += 1) story.waits(1_000).takes(300 * mebibyte);
      return story;
    };
    const story = over(new Story(memory), 10);
    expect(story.finding?.outcome).toBe("inconclusive");
    over(story.waits(1_000).takes(100 * mebibyte), 10);
    expect(story.finding?.outcome).toBe("inconclusive");
    expect(over(story, 1).finding).toMatchObject({ outcome: "fail", windowMs: 10_000, observed: 300 * mebibyte });
    expect(over(new Story({ ...memory, forMs: 2_000 }), 3).finding?.outcome).toBe("fail");
  });

  it("may be held against the stable version's", () => {
    const rule: Rule = { ...memory, threshold: { kind: "baseline", factor: 2, plus: 0 } };
    const story = new Story({ ...rule, forMs: 0 }).takes(mebibyte);
    expect(story.finding?.outcome).toBe("inconclusive");
    story.beside("memory", mebibyte, mebibyte);
    expect(story.takes(2 * mebibyte).takes(mebibyte).finding?.outcome).toBe("pass");
    expect(story.takes(3 * mebibyte).finding?.outcome).toBe("fail");
  });
});
