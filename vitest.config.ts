import { defineConfig } from "vitest/config";

const SECOND_MS = 1_000;

// unit: pure and quick, in parallel. system: starts real servers and processes, two files at a time.
// path: whole stories with time limits of their own, one file at a time, so that none is slow because of its neighbour.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["{libs,services,apps,bench}/**/*.test.ts", "tests/tooling/**/*.test.ts"],
          testTimeout: 10 * SECOND_MS,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: "system",
          include: ["tests/**/*.test.ts"],
          exclude: ["tests/{tooling,path,chaos,demo}/**", "**/node_modules/**"],
          maxWorkers: 2,
          testTimeout: 30 * SECOND_MS,
          hookTimeout: 30 * SECOND_MS,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "path",
          include: ["tests/{path,chaos,demo}/**/*.test.ts"],
          maxWorkers: 1,
          testTimeout: 120 * SECOND_MS,
          hookTimeout: 60 * SECOND_MS,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
