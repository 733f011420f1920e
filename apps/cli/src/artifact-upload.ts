import { createReadStream } from "node:fs";
import { type IncomingMessage, request as httpRequest, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { CaxtonError, isErrorCode, toCaxtonError } from "@caxton/contracts/errors";
import type { ArtifactFile } from "./artifact-file.ts";
import type { GatewayAddress } from "./gateway-address.ts";

/** Without a byte going either way for so long, the gateway is given up. */
const silenceMaxMs = 30_000;

/**
 * Brings an artifact to the gateway unless it is there already.
 * @param onProgress told of the bytes sent so far
 * @returns whether it had to be sent
 * @throws CaxtonError what the gateway says, or `gateway-unavailable`
 */
export async function uploadArtifact(
  address: GatewayAddress,
  artifact: ArtifactFile,
  onProgress: (sentBytes: number) => void,
): Promise<boolean> {
  const head = await exchange(address, artifact, { method: "HEAD" });
  head.resume();
  if (head.statusCode === 200) return false;
  if (head.statusCode !== 404) throw unexpected(address, head);
  const headers = { "content-type": "application/wasm", "content-length": artifact.sizeBytes };
  const answer = await exchange(address, artifact, { method: "PUT", headers }, onProgress);
  const body = await text(answer);
  if (answer.statusCode === 200 || answer.statusCode === 201) return true;
  throw refusal(body) ?? unexpected(address, answer);
}

/** Sends a request, with the file as its body where `onProgress` is given; an answer may come before all was sent. */
function exchange(
  address: GatewayAddress,
  { digest, path }: ArtifactFile,
  options: RequestOptions,
  onProgress?: (sentBytes: number) => void,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => reject(unreachable(address, error));
    const url = new URL(`artifacts/${digest}`, `${address.url}/`);
    const request = (url.protocol === "https:" ? httpsRequest : httpRequest)(url, options, resolve);
    request.on("error", fail);
    request.setTimeout(silenceMaxMs, () => request.destroy(new Error(`silent for ${silenceMaxMs} ms`)));
    if (onProgress === undefined) {
      request.end();
      return;
    }
    let sentBytes = 0;
    const file = createReadStream(path).on("data", (chunk) => {
      sentBytes += chunk.length;
      onProgress(sentBytes);
    });
    pipeline(file, request).catch(fail);
  });
}

function refusal(body: string): CaxtonError | undefined {
  try {
    const answer: unknown = JSON.parse(body);
    if (typeof answer !== "object" || answer === null || !("code" in answer) || !("message" in answer))
      return undefined;
    return isErrorCode(answer.code) ? new CaxtonError(answer.code, String(answer.message)) : undefined;
  } catch {
    return undefined;
  }
}

function unexpected({ url, source }: GatewayAddress, { statusCode, statusMessage }: IncomingMessage): CaxtonError {
  return new CaxtonError(
    "gateway-unavailable",
    `${url} (${source}) answered an upload with ${statusCode} ${statusMessage}; is it a Caxton gateway?`,
  );
}

function unreachable({ url, source }: GatewayAddress, cause: unknown): CaxtonError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : toCaxtonError(cause).message;
  return new CaxtonError(
    "gateway-unavailable",
    `no gateway at ${url} (${source}; ${code}); is \`caxton up\` running?`,
    { cause },
  );
}
