import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { builtOnce } from "../fixtures/build-fixture.ts";
import type { Caxton } from "./caxton.ts";
import type { Screen } from "./screen.ts";

/** Puts agents of examples/, such as `quake-watch/v1`, into the folder as `quake-watch-v1.wasm`. */
export async function buildAgents(
  caxton: Caxton,
  screen: Screen,
  folder: string,
  examples: readonly string[],
): Promise<void> {
  await Promise.all(
    examples.map(async (example) => {
      const source = fileURLToPath(new URL(`../../examples/${example}.js`, import.meta.url));
      const name = `${example.replace("refused/", "").replace("/", "-")}.wasm`;
      const { file, reused } = await builtOnce(source, (out) => caxton.must("agent", "build", source, "--out", out));
      screen.say(`✓ ${reused ? "Unchanged since it was built" : "Built"}: ${name}`);
      await copyFile(file, join(folder, name));
    }),
  );
}
