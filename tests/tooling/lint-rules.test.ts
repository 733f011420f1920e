import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { root } from "./source-tree.ts";

/** What each rule we lean on must find, by the path it is planted at. */
const planted: Readonly<Record<string, { readonly rule: string; readonly code: string }>> = {
  "libs/bus/src/any.ts": { rule: "no-explicit-any", code: "export const x = (y: any): string => String(y);" },
  "libs/bus/src/floating.ts": {
    rule: "no-floating-promises",
    code: "export function f(): void { Promise.resolve(1); }",
  },
  "libs/bus/src/misused.ts": {
    rule: "no-misused-promises",
    code: 'export const f = (l: EventTarget): void => l.addEventListener("x", async () => { await Promise.resolve(); });',
  },
  "libs/bus/src/non-null.ts": { rule: "no-non-null-assertion", code: "export const f = (x?: string): string => x!;" },
  "libs/bus/src/unsafe.ts": { rule: "no-unsafe-assignment", code: 'export const x: string[] = JSON.parse("[]");' },
  "libs/bus/src/member.ts": {
    rule: "no-unsafe-member-access",
    code: 'export const x = (): unknown => JSON.parse("{}").a;',
  },
  "libs/bus/src/switch.ts": {
    rule: "switch-exhaustiveness-check",
    code: 'export function f(x: "a" | "b"): void { switch (x) { case "a": f("b"); } }',
  },
  "libs/bus/src/throw.ts": { rule: "only-throw-error", code: 'export function f(): void { throw "no"; }' },
  "libs/bus/src/barrel.ts": { rule: "no-barrel-file", code: 'export * from "./throw.ts";' },
  "libs/bus/src/long.ts": { rule: "max-lines", code: `export const x = [\n${"  1,\n".repeat(400)}];` },
  "libs/bus/src/cycle.ts": {
    rule: "no-cycle",
    code: 'import { b } from "./cycle-back.ts";\nexport const a = (): void => b();',
  },
  "libs/bus/src/cycle-back.ts": {
    rule: "no-cycle",
    code: 'import { a } from "./cycle.ts";\nexport const b = (): void => a();',
  },
  "libs/bus/src/mock.test.ts": {
    rule: "no-restricted-vi-methods",
    code: 'import { vi, it } from "vitest";\nvi.mock("./any.ts");\nit.todo("x");',
  },
  "libs/deployment/src/now.ts": {
    rule: "no-restricted-properties",
    code: "export const now = (): number => Date.now();",
  },
  "libs/deployment/src/random.ts": {
    rule: "no-restricted-properties",
    code: "export const r = (): number => Math.random();",
  },
  "libs/deployment/src/id.ts": {
    rule: "no-restricted-globals",
    code: "export const id = (): string => crypto.randomUUID();",
  },
  "services/router/src/core/env.ts": {
    rule: "no-restricted-globals",
    code: "export const e = (): unknown => process.env;",
  },
  "services/router/src/core/deep/timer.ts": {
    rule: "no-restricted-globals",
    code: "export const t = (f: () => void): unknown => setTimeout(f, 1);",
  },
};

interface Diagnostic {
  readonly filename: string;
  readonly code: string;
}

const folder = mkdtempSync(join(tmpdir(), "caxton-lint-"));
let diagnostics: readonly Diagnostic[] = [];

beforeAll(async () => {
  cpSync(join(root, ".oxlintrc.json"), join(folder, ".oxlintrc.json"));
  cpSync(join(root, "tsconfig.json"), join(folder, "tsconfig.json"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  for (const [path, { code }] of Object.entries(planted)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), `${code}\n`);
  }
  const { stdout } = await promisify(execFile)(
    join(root, "node_modules/.bin/oxlint"),
    ["--type-aware", "--format=json", "libs", "services"],
    { cwd: folder },
  ).catch((error: { stdout: string }) => error);
  diagnostics = (JSON.parse(stdout) as { diagnostics: readonly Diagnostic[] }).diagnostics;
});

afterAll(() => rmSync(folder, { recursive: true }));

it.each(Object.entries(planted))("%s is refused", (path, { rule }) => {
  const found = diagnostics.filter(({ filename }) => filename.endsWith(path)).map(({ code }) => code);
  expect(found).toContainEqual(expect.stringContaining(`(${rule})`));
});
