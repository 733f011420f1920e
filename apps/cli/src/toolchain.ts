import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { CaxtonError, isErrorCode } from "@caxton/contracts/errors";

export type ToolProgram = "build-main.ts" | "inspect-main.ts";

const folder = new URL("../../../libs/wasm-agent/src/", import.meta.url);

/**
 * Runs a program of libs/wasm-agent, which prints one JSON line: what it found, or `code` and `message` of an error.
 * docs/decisions/0020
 * @throws CaxtonError the program's own error, `internal` where it says nothing that can be understood
 */
export async function runToolchain(program: ToolProgram, args: readonly string[]): Promise<Record<string, unknown>> {
  const child = spawn(process.execPath, [fileURLToPath(new URL(program, folder)), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [stdout, exit] = await Promise.all([text(child.stdout), once(child, "close")]);
  const answer = parseAnswer(stdout.trimEnd().split("\n").at(-1) ?? "");
  if (answer === undefined) {
    throw new CaxtonError("internal", `${program} ended with ${exit.join(" ")} and said nothing to be understood`);
  }
  const { code, message } = answer;
  if (typeof code !== "string") return answer;
  throw new CaxtonError(isErrorCode(code) ? code : "internal", String(message));
}

function parseAnswer(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
