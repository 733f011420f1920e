import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { root } from "./source-tree.ts";

const VIOLATIONS = "tests/tooling/violations";
const CRUISED = ["libs", "services", "apps", "tests"];
const UNRESOLVABLE = "no-unresolvable-import";

interface Finding {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string };
}

interface Cruise {
  readonly summary: {
    readonly totalCruised: number;
    readonly violations: readonly Finding[];
    readonly ruleSetUsed: { readonly forbidden: readonly { readonly name: string }[] };
  };
}

/** A program of its own, on a machine that may be busy. */
const cruiseTimeoutMs = 60_000;

async function cruise(config: string, ...folders: string[]): Promise<Cruise["summary"]> {
  const args = ["--config", config, "--output-type", "json", ...folders];
  const { stdout } = await promisify(execFile)(join(root, "node_modules/.bin/depcruise"), args, {
    cwd: root,
    maxBuffer: 64 * 1024 * 1024,
  }).catch((error: { stdout: string }) => error);
  return (JSON.parse(stdout) as Cruise).summary;
}

const planted = readdirSync(join(root, VIOLATIONS), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

describe("dependency rules", () => {
  let summary: Cruise["summary"];
  beforeAll(async () => {
    summary = await cruise(`${VIOLATIONS}/dependency-cruiser.config.cjs`, VIOLATIONS);
  }, cruiseTimeoutMs);

  it("have a planted violation each", () => {
    expect(planted.toSorted()).toEqual(summary.ruleSetUsed.forbidden.map(({ name }) => name).toSorted());
  });

  it.each(planted)("%s is broken by its planted violation, and by no other", (rule) => {
    const broken = summary.violations
      .filter(({ from }) => from.startsWith(`${VIOLATIONS}/${rule}/`))
      .map(({ rule: { name } }) => name)
      // a library that is not installed here cannot be resolved either, which is not what is tested
      .filter((name) => name !== UNRESOLVABLE || rule === UNRESOLVABLE);
    expect([...new Set(broken)]).toEqual([rule]);
  });

  it("hold in this tree", { timeout: cruiseTimeoutMs }, async () => {
    const { violations, totalCruised } = await cruise("dependency-cruiser.config.cjs", ...CRUISED);
    expect(violations.map(({ rule: { name }, from, to }) => `${name}: ${from} → ${to}`)).toEqual([]);
    expect(totalCruised).toBeGreaterThan(50);
  });
});
