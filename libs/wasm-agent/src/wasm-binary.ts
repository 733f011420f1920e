/** Reading and writing the outer layer of WebAssembly binaries; https://webassembly.github.io/spec/core/binary/ */

export interface Section {
  readonly id: number;
  /** The section's content, without id and size. */
  readonly content: Uint8Array;
}

export type BinaryKind = "empty" | "not-wasm" | "core-module" | "component";

const magic = [0x00, 0x61, 0x73, 0x6d];

/** What a file is by its first eight bytes: the version's second half is the layer, 0 for core modules, 1 for components. */
export function binaryKind(bytes: Uint8Array): BinaryKind {
  if (bytes.length === 0) return "empty";
  if (bytes.length < 8 || magic.some((byte, index) => bytes[index] !== byte)) return "not-wasm";
  return bytes[6] === 1 && bytes[7] === 0 ? "component" : "core-module";
}

export interface Reader {
  /** The next unsigned LEB128 number. @throws RangeError at the end of the bytes or past 64 bits */
  number(): number;
  byte(): number;
  take(length: number): Uint8Array;
  readonly position: number;
  readonly atEnd: boolean;
}

export function reader(bytes: Uint8Array): Reader {
  let position = 0;
  function byte(): number {
    const value = bytes[position];
    if (value === undefined) throw new RangeError(`unexpected end at byte ${position}`);
    position += 1;
    return value;
  }
  function number(): number {
    let value = 0;
    for (let factor = 1, digits = 0; digits < 10; digits += 1, factor *= 128) {
      const next = byte();
      value += (next & 0x7f) * factor;
      if (next < 0x80) return value;
    }
    throw new RangeError(`a number before byte ${position} is too long`);
  }
  function take(length: number): Uint8Array {
    if (position + length > bytes.length)
      throw new RangeError(`${length} bytes wanted at byte ${position} of ${bytes.length}`);
    position += length;
    return bytes.subarray(position - length, position);
  }
  return {
    number,
    byte,
    take,
    get position() {
      return position;
    },
    get atEnd() {
      return position >= bytes.length;
    },
  };
}

/** An unsigned LEB128 number. */
export function encodeNumber(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low + 128 : low);
  } while (rest > 0);
  return bytes;
}

/** @throws RangeError where a section reaches beyond the end */
export function* sections(binary: Uint8Array): Generator<Section> {
  const input = reader(binary.subarray(8));
  while (!input.atEnd) {
    const id = input.byte();
    yield { id, content: input.take(input.number()) };
  }
}

/** A binary with the preamble of `original` and these sections. */
export function assemble(original: Uint8Array, parts: readonly Section[]): Uint8Array {
  const chunks = parts.flatMap((part) => [
    Uint8Array.from([part.id, ...encodeNumber(part.content.length)]),
    part.content,
  ]);
  const total = chunks.reduce((sum, chunk) => sum + chunk.length, 8);
  const result = new Uint8Array(total);
  result.set(original.subarray(0, 8));
  let at = 8;
  for (const chunk of chunks) {
    result.set(chunk, at);
    at += chunk.length;
  }
  return result;
}
