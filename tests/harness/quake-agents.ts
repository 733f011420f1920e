import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildFixture } from "../fixtures/build-fixture.ts";

/** The components of example sources such as `quake-watch/v1`, in a folder. @returns their files, in the same order */
export async function buildExamples(names: readonly string[], folder: string): Promise<readonly string[]> {
  return await Promise.all(
    names.map(async (name) => {
      const out = join(folder, `${name.replaceAll("/", "-")}.wasm`);
      await copyFile(await buildFixture(fileURLToPath(new URL(`../../examples/${name}.js`, import.meta.url))), out);
      return out;
    }),
  );
}
