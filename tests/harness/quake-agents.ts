import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildAgent } from "@caxton/wasm-agent/build";

/** Builds example sources such as `quake-watch/v1` into a folder. @returns the components' files, in the same order */
export async function buildExamples(names: readonly string[], folder: string): Promise<readonly string[]> {
  const files: string[] = [];
  for (const name of names) {
    const source = fileURLToPath(new URL(`../../examples/${name}.js`, import.meta.url));
    const out = join(folder, `${name.replaceAll("/", "-")}.wasm`);
    await buildAgent({ source, out });
    files.push(out);
  }
  return files;
}
