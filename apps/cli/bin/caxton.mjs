#!/usr/bin/env node
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root, runtime, runWithRuntime } from "../../../scripts/run-with-runtime.mjs";

// Plain JavaScript for any Node ≥ 20: finds the pinned runtime and hands everything over to it.
if (!existsSync(runtime) || !existsSync(join(root, "apps", "cli", "node_modules"))) {
  console.error(
    `caxton: not installed yet; run \`npm run demo\`, \`npm test\` or \`npx pnpm@12.21.0 install\` in ${root}`,
  );
  process.exit(69);
}
runWithRuntime([join(root, "apps", "cli", "src", "main.ts"), ...process.argv.slice(2)]);
