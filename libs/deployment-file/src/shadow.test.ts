import { defaultShadow } from "@caxton/deployment/shadow/settings";
import { describe, expect, it } from "vitest";
import { parseDeploymentFile } from "./parse.ts";
import { problemsText } from "./problem.ts";

/** ADR 0008, section 3, word for word: with its indentation, and as it came down to us without. */
const adr = `deployment:
  strategy: shadow
  duration: 1h
  compare:
    - output_equivalence
    - performance_metrics
    - resource_usage
`;
const withoutIndentation = adr.replaceAll(/^ +/gm, "");

const problems = (text: string): string => problemsText(parseDeploymentFile(text).problems);

describe("a deployment file of a shadow", () => {
  it.each([
    ["as in the ADR", adr],
    ["as in the ADR, its indentation lost", withoutIndentation],
    ["that says nothing but its strategy", "strategy: shadow\n"],
  ])("%s compares everything for an hour", (_what, text) => {
    expect(parseDeploymentFile(text)).toEqual({
      file: { strategy: "shadow", durationMs: 3_600_000, ...defaultShadow },
      problems: [],
    });
  });

  it("may say a sample, what is ignored and how much numbers may differ", () => {
    const more = `${adr}  sample: 10%\n  ignore: [$.timestamp, "$.items[*].at"]\n  tolerance: 0.1%\n`;
    expect(parseDeploymentFile(more).file).toMatchObject({
      sample: 0.1,
      ignore: ["$.timestamp", "$.items[*].at"],
      tolerance: 0.001,
    });
  });
});

describe("what is wrong is said with its place", () => {
  it.each([
    [
      "a key that is none",
      "strategy: shadow\nduraton: 1h",
      "2:1: 'duraton' is no key of a shadow deployment: strategy, duration, compare, sample, ignore, tolerance; did you mean duration?",
    ],
    [
      "a comparison that is none",
      "strategy: shadow\ncompare:\n  - output_equivalent",
      "3:5: 'output_equivalent' is no comparison: output_equivalence, performance_metrics, resource_usage; did you mean output_equivalence?",
    ],
    [
      "nothing to compare",
      "strategy: shadow\ncompare: all",
      "2:10: compare is a list of what is compared: output_equivalence, performance_metrics, resource_usage",
    ],
    [
      "a path without its beginning",
      "strategy: shadow\nignore:\n  - timestamp",
      "3:5: 'timestamp' is no path: it begins with '$', the whole output; did you mean $.timestamp?",
    ],
    [
      "a path that breaks off",
      "strategy: shadow\nignore: [$.a..b]",
      "2:13: '..' is not read here: write out each path",
    ],
    [
      "a path beside its list",
      "strategy: shadow\nignore: $.a",
      "2:9: ignore is a list of paths, such as ignore: [$.timestamp]",
    ],
    ["a sample of nothing", "strategy: shadow\nsample: 0%", "2:9: '0%' is no sample: above 0% and at most 100%"],
    [
      "a sample without its unit",
      "strategy: shadow\nsample: 10",
      "2:9: '10' lacks its unit: shares are in percent; did you mean 10%?",
    ],
    [
      "a tolerance of all",
      "strategy: shadow\ntolerance: 100%",
      "2:12: '100%' is no tolerance: a share of the larger number below 100%, such as 0.1% or 1e-9",
    ],
    ["a time without its unit", "strategy: shadow\nduration: 60", "2:13: '60' lacks its unit: ms, s, m, h, d"],
    [
      "a stage of a canary",
      "strategy: shadow\nstages:\n  - canary: 5%",
      "2:1: 'stages' is of strategy canary; this is shadow",
    ],
  ])("%s", (_what, text, said) => {
    expect(problems(text)).toBe(said);
  });
});
