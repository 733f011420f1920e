/** `node build-main.ts <source.js> <out.wasm>`: buildAgent as a program; one JSON line on standard output, exit code 0 or 2. */
import process from "node:process";
import { toCaxtonError } from "@caxton/contracts/errors";
import { buildAgent } from "./build.ts";

const [source, out] = process.argv.slice(2);
if (source === undefined || out === undefined) {
  process.stderr.write("usage: node build-main.ts <source.js> <out.wasm>\n");
  process.exit(2);
}
try {
  const { bytes } = await buildAgent({ source, out });
  process.stdout.write(`${JSON.stringify({ out, bytes })}\n`);
} catch (error) {
  const { code, message } = toCaxtonError(error);
  process.stdout.write(`${JSON.stringify({ code, message })}\n`);
  process.exitCode = 2;
}
