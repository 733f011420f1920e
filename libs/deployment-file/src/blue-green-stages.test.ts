import { blueGreenPlan, planProblem } from "@caxton/deployment/strategy";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDeploymentFile } from "./parse.ts";
import { durationText } from "./quantity.ts";

/** ADR 0008, section 3, word for word, as it stands in the copy that lost its indentation. */
const adr = `deployment:
strategy: blue-green
stages:
- validate: 30s
- warm_up: 60s
- switch: instant
- cleanup: 300s
`;
const indented = adr
  .replaceAll(/^(?!deployment)/gm, "  ")
  .replaceAll("  - ", "    - ")
  .trimEnd();
const asInAdr = { strategy: "blue-green", validateMs: 30_000, warmUpMs: 60_000, cleanupMs: 300_000 };
const stages = (...lines: readonly string[]): string =>
  ["deployment:", "  strategy: blue-green", "  stages:", ...lines.map((line) => `    - ${line}`), ""].join("\n");

describe("blue-green", () => {
  it.each([
    ["of the ADR, without its indentation", adr],
    ["of the ADR, indented", indented],
    ["that says no more than its strategy", "deployment:\n  strategy: blue-green\n"],
    ["that leaves stages out", stages("switch: instant")],
  ])("%s means what the ADR says", (_what, text) => {
    expect(parseDeploymentFile(text)).toEqual({ file: asInAdr, problems: [] });
  });

  it("with times of its own has them, and can be walked", () => {
    const times = fc.record({
      validateMs: fc.integer({ min: 1, max: 3_600_000 }),
      warmUpMs: fc.integer({ min: 1, max: 3_600_000 }),
      cleanupMs: fc.integer({ min: 0, max: 2_592_000_000 }),
    });
    fc.assert(
      fc.property(times, ({ validateMs, warmUpMs, cleanupMs }) => {
        const text = stages(
          `validate: ${durationText(validateMs)}`,
          `warm_up: ${durationText(warmUpMs)}`,
          "switch: instant",
          `cleanup: ${durationText(cleanupMs)}`,
        );
        const file = { strategy: "blue-green", validateMs, warmUpMs, cleanupMs };
        expect(parseDeploymentFile(text)).toEqual({ file, problems: [] });
        expect(planProblem(blueGreenPlan({ validateMs, warmUpMs, cleanupMs }))).toBeUndefined();
      }),
    );
  });

  it.each([
    [
      "no stage",
      "deployment:\n  strategy: blue-green\n  stages: []\n",
      "3:11 stages are a list: one '- ' before each of them",
    ],
    ["a stage of canary", stages("canary: 5%"), "4:7 'canary' is a stage of canary; those of blue-green are"],
    ["a stage that nobody knows", stages("warmup: 60s"), "4:7 'warmup' is no stage of blue-green"],
    ["a switch in steps", stages("switch: 50%"), "4:15 the switch is all messages at once"],
    ["a switch without a word", stages("switch"), "4:7 the switch is all messages at once"],
    ["no time for a warm-up", stages("warm_up: 0s"), "4:16 '0s' is no time to wait: it has to be above zero"],
    ["a time without its unit", stages("warm_up: 60"), "4:18 '60' lacks its unit"],
    ["a warm-up that is too long", stages("warm_up: 2h"), "4:16 '2h' is longer than 1h, the longest there is"],
    [
      "another order",
      stages("switch: instant", "warm_up: 1s"),
      "5:7 'warm_up' cannot follow 'switch'; the order is validate, warm_up, switch, cleanup",
    ],
    [
      "one twice",
      stages("warm_up: 1s", "warm_up: 2s"),
      "5:7 'warm_up' stands there twice; the order is validate, warm_up, switch, cleanup",
    ],
    [
      "two in one item",
      stages("warm_up: 1s\n      cleanup: 1s"),
      "5:7 'cleanup' needs a '- ' of its own: one stage is one item of the list",
    ],
    [
      "rules of a canary",
      `${stages("switch: instant")}  rollback_on:\n    - error_rate > 1%\n`,
      "5:3 'rollback_on' is of strategy canary; this is blue-green",
    ],
  ])("with %s is refused, with the place", (_what, text, saying) => {
    const { file, problems } = parseDeploymentFile(text);
    expect(file).toBeUndefined();
    expect(problems.map(({ line, column, message }) => `${line}:${column} ${message}`)).toEqual([saying]);
  });
});
