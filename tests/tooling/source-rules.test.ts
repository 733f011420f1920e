import { describe, expect, it } from "vitest";
import { breaches, MAX_LINES, MAX_MEDIAN_LINES, median } from "./source-rules.ts";
import { sourceFile, sourceFiles } from "./source-tree.ts";

const planted = [
  {
    path: "libs/bus/src/x.ts",
    text: `export const x = 1 ${["as", "unknown", "as"].join(" ")} string;`,
    says: "asserts",
  },
  { path: "libs/deployment/src/x.ts", text: "export const x = new Date();", says: "clock" },
  { path: "services/router/src/core/a/x.ts", text: "export const x = new Date( );", says: "clock" },
  { path: "libs/bus/src/x.ts", text: "\n".repeat(MAX_LINES) + "//", says: "401 lines" },
  { path: "services/router/src/x.ts", text: 'log.info({ agent, code }, "x");', says: "agent_id" },
  { path: "services/router/src/x.ts", text: 'this.#log.warn(\n  { code, startMs: 1 },\n  "x");', says: "snake_case" },
  { path: "libs/bus/src/utils/x.ts", text: "", says: "folder called utils" },
  { path: "libs/bus/src/index.ts", text: "", says: "index file" },
  { path: "libs/bus/src/x.ts", text: 'export { y } from "./y.ts";', says: "re-exports" },
  { path: "libs/bus/src/x.ts", text: 'export type * from "./y.ts";', says: "re-exports" },
];

describe("source rules", () => {
  it.each(planted)("find what is planted at $path: $says", ({ path, text, says }) => {
    expect(breaches(sourceFile(path, text))).toEqual([expect.stringContaining(says)]);
  });

  it("let a clock be read at the edge", () => {
    expect(breaches(sourceFile("services/router/src/adapters/clock.ts", "export const x = new Date();"))).toEqual([]);
  });

  it("let the only importer of a package pass on its types", () => {
    expect(breaches(sourceFile("libs/telemetry/src/x.ts", 'export type { Logger } from "pino";'))).toEqual([]);
  });

  it("hold in this tree", () => {
    expect(sourceFiles().flatMap(breaches)).toEqual([]);
  });
});

describe("file sizes", () => {
  it("have a median", () => {
    expect([median([3]), median([1, 3]), median([9, 1, 5])]).toEqual([3, 2, 5]);
  });

  it("stay small", () => {
    const sizes = sourceFiles().map(({ lines }) => lines.length);
    expect(sizes.length).toBeGreaterThan(50);
    expect(median(sizes)).toBeLessThanOrEqual(MAX_MEDIAN_LINES);
  });
});
