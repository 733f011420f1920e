import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CaxtonError, toCaxtonError } from "@caxton/contracts/errors";

export interface GatewayAddress {
  readonly url: string;
  /** Where the address comes from, in words. */
  readonly source: string;
}

export const defaultGatewayUrl = "http://127.0.0.1:7420";
/** Written by `caxton up` into its data folder. */
const runFile = join(".caxton", "data", "caxton.json");

/**
 * `--gateway`, else `CAXTON_GATEWAY`, else what the nearest `.caxton/data/caxton.json` from `folder` upward says, else the
 * default.
 * @throws CaxtonError `invalid-argument` where it is no http URL, or the file is damaged
 */
export function gatewayAddress(
  option: string | undefined,
  environment: string | undefined,
  folder: string,
): GatewayAddress {
  if (option !== undefined) return checked(option, "from --gateway");
  if (environment !== undefined && environment !== "") return checked(environment, "from CAXTON_GATEWAY");
  for (let at = folder; ; at = dirname(at)) {
    const file = join(at, runFile);
    const url = urlIn(file);
    if (url !== undefined) return checked(url, `from ${file}`);
    if (dirname(at) === at) return { url: defaultGatewayUrl, source: "the default" };
  }
}

function urlIn(file: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
  const url = httpUrl(parse(text, file));
  if (url === undefined) throw damaged(file, "it names no http URL");
  return url;
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw damaged(file, toCaxtonError(error).message);
  }
}

function httpUrl(content: unknown): string | undefined {
  if (typeof content !== "object" || content === null || !("httpUrl" in content)) return undefined;
  return typeof content.httpUrl === "string" ? content.httpUrl : undefined;
}

function damaged(file: string, why: string): CaxtonError {
  return new CaxtonError("invalid-argument", `${file} cannot be used: ${why}; remove it or give --gateway`);
}

function checked(text: string, source: string): GatewayAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    throw new CaxtonError(
      "invalid-argument",
      `'${text}' (${source}) is no gateway URL; one looks like ${defaultGatewayUrl}`,
    );
  }
  return { url: url.href.replace(/\/$/, ""), source };
}
