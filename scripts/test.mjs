import { join } from "node:path";
import { bootstrapThen } from "./bootstrap.mjs";
import { root, runWithRuntime } from "./run-with-runtime.mjs";

await bootstrapThen(({ env }) => {
  runWithRuntime([join(root, "scripts", "verify.ts"), ...process.argv.slice(2)], env);
});
