import { globSync, readFileSync } from "node:fs";
import { basename, join, sep } from "node:path";

export const root = join(import.meta.dirname, "..", "..");

const OURS = ["libs", "services", "apps", "tests", "scripts", "bench", "examples"];
const NOT_WRITTEN_HERE = new Set(["node_modules", "gen", "generated", "violations"]);

export interface SourceFile {
  /** relative to the root, with forward slashes */
  readonly path: string;
  readonly lines: readonly string[];
}

export function sourceFile(path: string, text: string): SourceFile {
  return { path, lines: text.trimEnd().split("\n") };
}

/** Every TypeScript file that somebody writes and reads here: nothing generated, installed or planted. */
export function sourceFiles(): readonly SourceFile[] {
  return globSync(`{${OURS.join(",")}}/**/*.ts`, {
    cwd: root,
    exclude: (path) => NOT_WRITTEN_HERE.has(basename(path)),
  }).map((path) => sourceFile(path.split(sep).join("/"), readFileSync(join(root, path), "utf8")));
}
