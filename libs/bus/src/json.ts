const decoder = new TextDecoder("utf-8", { fatal: true });

/** By way of a Buffer, which takes a quarter of the time of a TextEncoder. */
export function encodeJson(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

/** @throws TypeError on bytes that are not UTF-8, SyntaxError on text that is not JSON */
export function decodeJson(data: Uint8Array): unknown {
  return JSON.parse(decoder.decode(data));
}

/** For what anybody may have published: undefined where it is no JSON. */
export function jsonOrUndefined(data: Uint8Array): unknown {
  try {
    return decodeJson(data);
  } catch {
    return undefined;
  }
}
