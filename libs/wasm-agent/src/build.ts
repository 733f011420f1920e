import { readFile, writeFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { CaxtonError } from "@caxton/contracts/errors";
import { componentize } from "componentize-qjs";
import { hasErrorCode } from "./node-error.ts";

export interface BuildOptions {
  /** An ES module that exports `describe` and `handle`; it may import other files by relative path. */
  readonly source: string;
  readonly out: string;
  /** Holds caxton-agent.wit; this repository's own unless given. */
  readonly witDir?: string;
}

const ownWitDir = fileURLToPath(new URL("../../../wit", import.meta.url));
const world = "agent";
const required = ["describe", "handle"];

/**
 * Makes a component of the world caxton:agent/agent out of JavaScript, with QuickJS inside (about 1.6 MB). The source's
 * top level runs once, now, and not again when the agent starts.
 * @throws CaxtonError `invalid-argument` with file and line where the source has a mistake or lacks an export
 */
export async function buildAgent(options: BuildOptions): Promise<{ readonly bytes: number }> {
  const source = resolve(options.source);
  const text = await readSource(source);
  const component = await componentOf(source, text, options.witDir ?? ownWitDir);
  try {
    await writeFile(options.out, component);
  } catch (error) {
    throw new CaxtonError("invalid-argument", `${options.out} cannot be written: ${reasonOf(error, "folder")}`, {
      cause: error,
    });
  }
  return { bytes: component.length };
}

async function componentOf(source: string, text: string, witPath: string): Promise<Uint8Array> {
  try {
    const { component } = await componentize({
      witPath,
      jsSource: `${text}\n${exportCheck(basename(source))}`,
      jsPath: source,
      world,
      sync: true,
    });
    return component;
  } catch (error) {
    throw new CaxtonError("invalid-argument", explain(error, source, text), { cause: error });
  }
}

async function readSource(source: string): Promise<string> {
  try {
    return await readFile(source, "utf8");
  } catch (error) {
    throw new CaxtonError("invalid-argument", `${source}: ${reasonOf(error)}`, { cause: error });
  }
}

function reasonOf(error: unknown, missing = "file"): string {
  if (hasErrorCode(error, "ENOENT")) return `there is no such ${missing}`;
  if (hasErrorCode(error, "EISDIR")) return "it is a folder";
  return error instanceof Error ? error.message : String(error);
}

/** Added below the source, so that line numbers stay: what is missing is found now and not at the first message. */
function exportCheck(file: string): string {
  return [
    `import * as caxtonAgent from ${JSON.stringify(`./${file}`)};`,
    `for (const name of ${JSON.stringify(required)}) if (typeof caxtonAgent[name] !== "function")`,
    `throw new Error("must export a function '" + name + "', exports: " + (Object.keys(caxtonAgent).join(", ") || "nothing"));`,
  ].join(" ");
}

/** Of `: Failed to …: Failed to …: Error: message\n    at /file.js:2:40` the message and the place. */
function explain(error: unknown, source: string, written: string): string {
  const text = error instanceof Error ? error.message : String(error);
  const message = text.replace(/^[: ]*(?:Failed to [^:]*: )*(?:Error: )?/, "").split("\n")[0] ?? text;
  const place = /at (?:.*\()?\/([^():\n]+):(\d+):(\d+)\)?/.exec(text);
  const own = place?.[1] !== undefined && source.endsWith(`/${place[1]}`);
  const lines = written.trimEnd().split("\n").length;
  const isOurs = message.startsWith("must export");
  if (own && !isOurs && Number(place?.[2]) > written.split("\n").length)
    return `${source}:${lines}: the file ends in the middle of something: a bracket, brace or quote is not closed`;
  const where = place === null || isOurs ? "" : `:${place[2]}:${place[3]}`;
  return own || place === null ? `${source}${where}: ${message}` : `${source}: in ${place[1]}${where}: ${message}`;
}
