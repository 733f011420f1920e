import { createHash } from "node:crypto";
import { CaxtonError } from "@caxton/contracts/errors";

export interface UploadBound {
  /** Announced sha256, in hex. */
  readonly digest: string;
  readonly maxBytes: number;
}

/** How much has passed so far. */
export interface CheckedUpload {
  readonly stream: TransformStream<Uint8Array, Uint8Array>;
  readonly sizeBytes: number;
}

/**
 * Passes bytes on and holds nothing but a running digest. It fails, before the end is passed on, with CaxtonError
 * `artifact-too-large`, `artifact-empty` or `digest-mismatch`.
 */
export function checkedUpload(bound: UploadBound): CheckedUpload {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  const stream = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      sizeBytes += chunk.byteLength;
      if (sizeBytes > bound.maxBytes) throw tooLarge(`more than ${bound.maxBytes}`, bound.maxBytes);
      hash.update(chunk);
      controller.enqueue(chunk);
    },
    flush() {
      if (sizeBytes === 0) throw new CaxtonError("artifact-empty", "the artifact has no bytes; send a wasm component");
      const found = hash.digest("hex");
      if (found === bound.digest) return;
      throw new CaxtonError(
        "digest-mismatch",
        `the ${sizeBytes} bytes received have the sha256 ${found}, not ${bound.digest} as announced; send the file again`,
        { details: { sizeBytes, found, announced: bound.digest } },
      );
    },
  });
  return {
    stream,
    get sizeBytes() {
      return sizeBytes;
    },
  };
}

/** @param size in words, such as `209715200` or `more than 67108864` */
export function tooLarge(size: string, maxBytes: number): CaxtonError {
  return new CaxtonError(
    "artifact-too-large",
    `the artifact has ${size} bytes, at most ${maxBytes} are accepted; leave out debug sections or split the agent`,
    { details: { maxBytes } },
  );
}
