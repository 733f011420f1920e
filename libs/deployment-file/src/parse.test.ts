import { defaultJudging } from "@caxton/deployment/judging";
import { ruleText } from "@caxton/deployment/judging-text";
import { type CanaryStep, canaryPlan, canarySteps, canaryTimes, planProblem } from "@caxton/deployment/strategy";
import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { type DeploymentFile, parseDeploymentFile } from "./parse.ts";
import { durationText } from "./quantity.ts";

const adr = `deployment:
  strategy: canary
  stages:
    - validate: 30s
    - canary: 5% # 5 minutes
    - canary: 25% # 10 minutes
    - canary: 50% # 10 minutes
    - full: 100%
  rollback_on:
    - error_rate > 1%
    - p99_latency > 100ms
`;
const asInTheAdr = { strategy: "canary", ...canaryTimes, steps: canarySteps, judging: defaultJudging };
const withoutIndentation = (text: string): string => text.replaceAll(/^ +/gm, "");
const wrong = (text: string) =>
  parseDeploymentFile(text).problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
const stages = (...lines: readonly string[]): string =>
  ["deployment:", "  strategy: canary", "  stages:", ...lines.map((line) => `    - ${line}`), ""].join("\n");

describe("the ADR's canary", () => {
  it("is read word for word, with the durations of its comments", () => {
    expect(parseDeploymentFile(adr)).toEqual({ file: asInTheAdr, problems: [] });
  });

  it("is read where its indentation was lost, too", () => {
    expect(parseDeploymentFile(withoutIndentation(adr))).toEqual({ file: asInTheAdr, problems: [] });
  });

  it("is what a file means that only says canary", () => {
    expect(parseDeploymentFile("deployment:\n  strategy: canary\n").file).toEqual(asInTheAdr);
  });
});

it("reads everything that may be said", () => {
  const { file, problems } = parseDeploymentFile(`
deployment:
  strategy: canary
  stages:
    - validate: 1 minute
    - canary: 5% for 30s
    - approve
    - canary: 12.5% for 1h
    - full: 100% for 2m
    - cleanup: 10m
  rollback_on: ["timeout_rate >= 0.5% for 10s", "p99_latency > 1.5 × baseline"]
  on_inconclusive: rollback
  max_hold: 5m
  on_canary_failure: deadletter
`);
  expect(problems).toEqual([]);
  expect(file).toEqual({
    strategy: "canary",
    validateMs: 60_000,
    cleanupMs: 600_000,
    steps: [
      { kind: "shift", share: 0.05, watchMs: 30_000 },
      { kind: "approve" },
      { kind: "shift", share: 0.125, watchMs: 3_600_000 },
      { kind: "shift", share: 1, watchMs: 120_000 },
    ],
    judging: {
      rollbackOn: [
        { metric: "timeout_rate", comparison: ">=", threshold: { kind: "absolute", value: 0.005 }, forMs: 10_000 },
        { metric: "p99_latency", comparison: ">", threshold: { kind: "baseline", factor: 1.5, plus: 0 } },
      ],
      onInconclusive: "rollback",
      maxHoldMs: 300_000,
      onFailure: "deadletter",
    },
  });
});

it("reads direct", () => {
  expect(parseDeploymentFile("deployment:\n  strategy: direct\n").file).toEqual({ strategy: "direct" });
});

describe("what is wrong is said with its place", () => {
  it.each([
    ["nothing", "", ["1:1 the file is empty; it begins with 'deployment:' and says its strategy"]],
    ["another text", "hello", ["1:1 this is no deployment; it begins with 'deployment:' and says its strategy"]],
    ["no strategy", "deployment:\n  stages: []\n", ["1:1 there is no strategy"]],
    [
      "shares that go down",
      stages("canary: 25%", "canary: 5%", "full: 100%"),
      ["5:15 5% follows 25%: shares only grow"],
    ],
    ["a share over 100", stages("canary: 120%", "full: 100%"), ["4:15 '120%' is no share: above 0% and at most 100%"]],
    ["a share of nothing", stages("canary: 0%", "full: 100%"), ["4:15 '0%' is no share: above 0% and at most 100%"]],
    [
      "no full",
      stages("canary: 5%"),
      ["4:5 there is no 'full: 100%', so that the new version would never get all messages"],
    ],
    [
      "full that is written wrong, which is told once",
      stages("canary: 5%", "ful: 100%"),
      ["5:7 'ful' is no stage of canary"],
    ],
    ["full that is not", stages("full: 50%"), ["4:13 full is all messages, 100%, not 50%"]],
    [
      "a duration of zero",
      stages("canary: 5% for 0s", "full: 100%"),
      ["4:22 '0s' is no time to wait: it has to be above zero"],
    ],
    [
      "a wait too long",
      stages("canary: 5% for 31d", "full: 100%"),
      ["4:22 '31d' is longer than 30d, the longest there is"],
    ],
    [
      "a stage in two",
      stages("canary: 5%\n      for: 5m", "full: 100%"),
      ["5:7 'for' needs a '- ' of its own: one stage is one item of the list"],
    ],
    [
      "a stage of another strategy",
      stages("warm_up: 60s", "full: 100%"),
      ["4:7 'warm_up' is a stage of blue-green; those of canary are"],
    ],
    [
      "stages out of order",
      stages("full: 100%", "validate: 3s"),
      ["5:7 'validate' cannot follow 'full'; the order is validate, canary and approve, full, cleanup"],
    ],
    [
      "a stage twice",
      stages("validate: 3s", "validate: 4s", "full: 100%"),
      ["5:7 'validate' stands there twice; the order is validate, canary and approve, full, cleanup"],
    ],
    [
      "no rule",
      "strategy: canary\nrollback_on:\n",
      ["2:13 rollback_on is a list of rules, such as '- error_rate > 1%'; without it the ADR's rules hold"],
    ],
    [
      "half of a key",
      "strategy: canary\nrollback_on:\n- error_rate > 1%\nstages",
      ["4:1 this is not YAML: Implicit map keys need to be followed by map values"],
    ],
    ["a list that does not end", "strategy: canary\nstages: [validate: 30s\n", ["3:1 this is not YAML: Flow sequence"]],
    ["a tab", "deployment:\n\tstrategy: canary\n", ["2:1 YAML is indented with spaces, not with tabs"]],
    ["a key twice", "strategy: canary\nstrategy: direct\n", ["2:1 this stands here twice"]],
    [
      "an alias",
      "strategy: canary\nstages: &all [full: 100%]\nrollback_on: *all\n",
      ["3:1 anchors and aliases are not read here: write it out"],
    ],
    [
      "a stray key",
      `${adr}stages:\n`,
      ["12:1 'stages' stands beside 'deployment:' and not under it: indent it as the others"],
    ],
    [
      "keys of a canary in a direct one",
      "strategy: direct\nmax_hold: 3m\n",
      ["2:1 'max_hold' is of strategy canary; this is direct"],
    ],
  ])("%s", (_name, text, expected) => {
    const said = wrong(text);
    expect(said).toHaveLength(expected.length);
    for (const [index, each] of expected.entries()) expect(said[index]).toContain(each);
    expect(parseDeploymentFile(text).file).toBeUndefined();
  });

  it("is said of everything in the file at once, in its order", () => {
    const text = withoutIndentation(`deployment:
      strategy: canary
      stages:
      - validate: 0s
      - canry: 25%
      - full: 100%
      rollback_on:
      - eror_rate > 1%
      - p99_latency > 100
      on_inconclusive: wait
      colour: red
    `);
    const { problems } = parseDeploymentFile(text);
    expect(problems.map(({ line, column, nearest = "" }) => [line, column, nearest])).toEqual([
      [4, 13, ""],
      [5, 3, "canary"],
      [8, 3, "error_rate"],
      [9, 20, ""],
      [10, 18, ""],
      [11, 1, ""],
    ]);
  });
});

it("warns of a time in a comment that says something else", () => {
  const { file, problems } = parseDeploymentFile(
    stages("canary: 5% # 2 minutes", "canary: 10% # watch it!", "full: 100%"),
  );
  expect(file).toBeDefined();
  expect(problems).toMatchObject([
    {
      severity: "warning",
      line: 4,
      message: "the comment says 2 minutes, but comments are not read: it is watched for 5m; write '5% for 2 minutes'",
    },
  ]);
});

const shares = fc
  .uniqueArray(fc.integer({ min: 1, max: 9_999 }), { maxLength: 6 })
  .map((all) => all.toSorted((a, b) => a - b));
const milliseconds = fc.integer({ min: 1, max: 86_400_000 });
const files = fc
  .record({
    shares,
    watchMs: milliseconds,
    validateMs: fc.integer({ min: 1, max: 3_600_000 }),
    cleanupMs: milliseconds,
    approve: fc.boolean(),
  })
  .map(({ shares: hundredths, watchMs, approve, ...times }): DeploymentFile => {
    const shifts = hundredths.map((each): CanaryStep => ({ kind: "shift", share: each / 10_000, watchMs }));
    const steps: CanaryStep[] = [
      ...shifts,
      ...(approve ? [{ kind: "approve" } as const] : []),
      { kind: "shift", share: 1 },
    ];
    return { strategy: "canary", ...times, steps, judging: defaultJudging };
  });

test("what is written is what is read, and can be walked", () => {
  fc.assert(
    fc.property(files, fc.boolean(), (file, indented) => {
      if (file.strategy !== "canary") return;
      const text = fileText(file);
      expect(parseDeploymentFile(indented ? text : withoutIndentation(text))).toEqual({ file, problems: [] });
      expect(planProblem(canaryPlan(file.steps, file))).toBeUndefined();
    }),
  );
});

function fileText({ steps, validateMs, cleanupMs, judging }: DeploymentFile & { strategy: "canary" }): string {
  const lines = steps.map((step) => {
    if (step.kind === "approve") return "approve";
    const watched = step.watchMs === undefined ? "" : ` for ${durationText(step.watchMs)}`;
    return `${step.share === 1 ? "full" : "canary"}: ${Number((step.share * 100).toPrecision(12))}%${watched}`;
  });
  return [
    stages(`validate: ${durationText(validateMs)}`, ...lines, `cleanup: ${durationText(cleanupMs)}`).trimEnd(),
    "  rollback_on:",
    ...judging.rollbackOn.map((rule) => `    - ${ruleText(rule)}`),
    "",
  ].join("\n");
}
