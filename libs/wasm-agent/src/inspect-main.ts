/** `node inspect-main.ts <file.wasm>`: inspectComponent as a program; one JSON line on standard output, exit code 0 or 2. */
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import process from "node:process";
import { CaxtonError, toCaxtonError } from "@caxton/contracts/errors";
import { artifactMaxBytes, defaultLimits } from "@caxton/contracts/limits";
import { inspectComponent } from "./inspect.ts";
import { hasErrorCode } from "./node-error.ts";
import { closeToolchain } from "./toolchain.ts";

const timeoutMs = 30_000;
const [file] = process.argv.slice(2);
if (file === undefined) {
  process.stderr.write("usage: node inspect-main.ts <file.wasm>\n");
  process.exit(2);
}
try {
  const bytes = await readComponentFile(file);
  const { memoryMaxBytes } = defaultLimits;
  const inspection = await inspectComponent(bytes, { maxBytes: artifactMaxBytes, memoryMaxBytes, timeoutMs });
  const digest = createHash("sha256").update(bytes).digest("hex");
  process.stdout.write(`${JSON.stringify({ file, digest, ...inspection })}\n`);
} catch (error) {
  const { code, message } = toCaxtonError(error);
  process.stdout.write(`${JSON.stringify({ code, message })}\n`);
  process.exitCode = 2;
} finally {
  closeToolchain();
}

/** @throws CaxtonError `invalid-argument`, `artifact-too-large` before anything of it is read */
async function readComponentFile(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size > artifactMaxBytes) {
      throw new CaxtonError(
        "artifact-too-large",
        `${path} has ${size} bytes, the largest accepted is ${artifactMaxBytes}`,
      );
    }
    return await readFile(path);
  } catch (error) {
    if (error instanceof CaxtonError) throw error;
    const why = hasErrorCode(error, "ENOENT")
      ? "there is no such file"
      : hasErrorCode(error, "EISDIR")
        ? "it is a directory; name the .wasm file in it"
        : toCaxtonError(error).message;
    throw new CaxtonError("invalid-argument", `${path}: ${why}`, { cause: error });
  }
}
