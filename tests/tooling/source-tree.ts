import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join, sep } from "node:path";

export const root = join(import.meta.dirname, "..", "..");

const OURS = ["libs", "services", "apps", "tests", "scripts", "bench", "examples"];
const NOT_WRITTEN_HERE = new Set(["node_modules", "gen", "generated", "violations"]);

export interface SourceFile {
  /** relative to the root, with forward slashes */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
}

/** Every TypeScript file that somebody writes and reads here: nothing generated, installed or planted. */
export function sourceFiles(): readonly SourceFile[] {
  return globSync(`{${OURS.join(",")}}/**/*.ts`, {
    cwd: root,
    exclude: (path) => NOT_WRITTEN_HERE.has(basename(path)),
  }).map((found) => {
    const text = readFileSync(join(root, found), "utf8");
    return { path: found.split(sep).join("/"), text, lines: text.trimEnd().split("\n") };
  });
}

/** Names of all folders that hold a file of ours, at any depth. */
export function folderNames(files: readonly SourceFile[]): ReadonlySet<string> {
  return new Set(files.flatMap(({ path }) => dirname(path).split("/")));
}
