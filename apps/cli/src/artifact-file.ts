import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { CaxtonError } from "@caxton/contracts/errors";
import { artifactMaxBytes } from "@caxton/contracts/limits";

export interface ArtifactFile {
  readonly path: string;
  readonly sizeBytes: number;
  /** sha256 of its bytes, in hex. */
  readonly digest: string;
}

/** `\0asm`, the first bytes of every WebAssembly binary. */
const magic = Buffer.from([0x00, 0x61, 0x73, 0x6d]);

/**
 * Checks what can be checked without a validator, and takes the digest; the file is never held in memory.
 * @throws CaxtonError `invalid-argument`, `artifact-empty`, `artifact-too-large`, `not-wasm`
 */
export async function readArtifact(path: string): Promise<ArtifactFile> {
  const sizeBytes = await requireSize(path);
  await requireWasm(path);
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) if (Buffer.isBuffer(chunk)) hash.update(chunk);
  return { path, sizeBytes, digest: hash.digest("hex") };
}

async function requireSize(path: string): Promise<number> {
  const found = await stat(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  if (found.isDirectory()) {
    throw new CaxtonError("invalid-argument", `${path} is a directory, not a component; name the .wasm file in it`);
  }
  if (!found.isFile()) throw new CaxtonError("invalid-argument", `${path} is not a regular file`);
  if (found.size === 0) throw new CaxtonError("artifact-empty", `${path} is empty; build it again`);
  if (found.size > artifactMaxBytes) {
    throw new CaxtonError(
      "artifact-too-large",
      `${path} has ${found.size} bytes, at most ${artifactMaxBytes} are accepted; leave out debug sections or split the agent`,
      { details: { sizeBytes: found.size, maxBytes: artifactMaxBytes } },
    );
  }
  return found.size;
}

async function requireWasm(path: string): Promise<void> {
  const file = await open(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, 0);
    const start = buffer.subarray(0, bytesRead);
    if (!start.subarray(0, magic.length).equals(magic)) {
      throw new CaxtonError(
        "not-wasm",
        `${path} is not WebAssembly: it begins with ${JSON.stringify(start.toString("latin1"))}`,
      );
    }
  } finally {
    await file.close();
  }
}

function unreadable(path: string, cause: unknown): CaxtonError {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const why =
    code === "ENOENT"
      ? "there is no such file"
      : code === "EACCES"
        ? "it may not be read (permission denied)"
        : cause instanceof Error
          ? cause.message
          : String(cause);
  return new CaxtonError("invalid-argument", `${path}: ${why}`, { cause });
}
