import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { CaxtonError, toCaxtonError } from "@caxton/contracts/errors";
import { parseBytes, parseDurationMs } from "./format/quantity.ts";

/** Limits of a version, as far as they are given; the names of libs/contracts/src/limits.ts. */
export interface GivenLimits {
  readonly memoryMaxBytes?: number;
  readonly messageTimeoutMs?: number;
  readonly startTimeoutMs?: number;
  readonly outputMaxBytes?: number;
  readonly p99MaxMs?: number;
}

const limitNames: Readonly<Record<string, (text: string) => GivenLimits>> = {
  memory: (text) => ({ memoryMaxBytes: parseBytes(text) }),
  timeout: (text) => ({ messageTimeoutMs: parseDurationMs(text) }),
  start: (text) => ({ startTimeoutMs: parseDurationMs(text) }),
  output: (text) => ({ outputMaxBytes: parseBytes(text) }),
  p99: (text) => ({ p99MaxMs: parseDurationMs(text) }),
};

/** `memory=64MiB,timeout=1s` added to what was given before. @throws CaxtonError `invalid-argument` */
export function parseLimits(text: string, before: GivenLimits = {}): GivenLimits {
  return text.split(",").reduce((limits, part) => ({ ...limits, ...parseLimit(part.trim()) }), before);
}

function parseLimit(part: string): GivenLimits {
  const [name = "", value] = part.split("=", 2);
  const parse = Object.hasOwn(limitNames, name) ? limitNames[name] : undefined;
  if (parse === undefined || value === undefined || value === "") {
    throw new CaxtonError(
      "invalid-argument",
      `'${part}' is no limit; write them as memory=64MiB,timeout=1s,start=5s,output=256KiB,p99=250ms`,
    );
  }
  return parse(value);
}

/** The agent that a file is named after: `quake-watch.v2.wasm` and `quake-watch-v2.wasm` are both `quake-watch`. */
export function agentNameOf(file: string): string {
  return basename(file)
    .replace(/\.[^.]*$/, "")
    .replace(/[.-]v\d+$/, "");
}

/** The JSON text itself, given as such or as the name of a file. @throws CaxtonError `invalid-argument` */
export async function readConfiguration(fileOrJson: string): Promise<string> {
  const isInline = /^\s*[[{"]/.test(fileOrJson);
  const text = isInline ? fileOrJson : await readConfigurationFile(fileOrJson);
  try {
    JSON.parse(text);
    return text;
  } catch (error) {
    const what = isInline ? "the configuration" : fileOrJson;
    throw new CaxtonError("invalid-argument", `${what} is not JSON: ${toCaxtonError(error).message}`, { cause: error });
  }
}

async function readConfigurationFile(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new CaxtonError(
      "invalid-argument",
      `configuration '${file}' is neither JSON nor a file that can be read (${toCaxtonError(error).message})`,
      { cause: error },
    );
  }
}
