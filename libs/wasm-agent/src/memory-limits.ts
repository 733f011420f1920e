import { assemble, encodeNumber, type Reader, reader, sections } from "./wasm-binary.ts";

export const pageBytes = 65_536;

/** A linear memory as declared, in bytes; no maximum means up to 4 GiB. */
export interface MemoryLimits {
  readonly minimumBytes: number;
  readonly maximumBytes?: number;
}

interface Limits {
  readonly flags: number;
  readonly minimum: number;
  readonly maximum: number | undefined;
}

/** https://webassembly.github.io/spec/core/binary/types.html#limits : bit 0 has a maximum, 1 shared, 2 is 64 bits wide, 3 has a page size. */
function readLimits(input: Reader): Limits {
  const flags = input.byte();
  if (flags > 7) throw new RangeError(`memory or table flags ${flags} are not known`);
  const minimum = input.number();
  return { flags, minimum, maximum: (flags & 1) === 1 ? input.number() : undefined };
}

function asBytes(limits: Limits): MemoryLimits {
  const minimumBytes = limits.minimum * pageBytes;
  return limits.maximum === undefined ? { minimumBytes } : { minimumBytes, maximumBytes: limits.maximum * pageBytes };
}

const memorySection = 5;

function readMemories(content: Uint8Array): Limits[] {
  const input = reader(content);
  return Array.from({ length: input.number() }, () => readLimits(input));
}

/**
 * The memories that a core module defines. Imported ones are some other module's of the same component.
 * @throws RangeError on a malformed module
 */
export function declaredMemories(module: Uint8Array): MemoryLimits[] {
  return [...sections(module)]
    .filter((section) => section.id === memorySection)
    .flatMap((section) => readMemories(section.content).map(asBytes));
}

/**
 * The module with every memory it defines limited to `maxBytes` (rounded down to a page): growing past it fails inside
 * the guest, as the engine enforces a declared maximum.
 * @throws RangeError on a malformed module or where a memory's minimum is above the limit
 */
export function capMemories(module: Uint8Array, maxBytes: number): Uint8Array {
  const maxPages = Math.floor(maxBytes / pageBytes);
  const parts = [...sections(module)].map((section) => {
    if (section.id !== memorySection) return section;
    const memories = readMemories(section.content);
    const content = memories.flatMap((memory) => {
      if (memory.minimum > maxPages)
        throw new RangeError(`a memory starts with ${memory.minimum} pages, the limit is ${maxPages}`);
      const maximum = Math.min(memory.maximum ?? maxPages, maxPages);
      return [memory.flags | 1, ...encodeNumber(memory.minimum), ...encodeNumber(maximum)];
    });
    return { id: section.id, content: Uint8Array.from([...encodeNumber(memories.length), ...content]) };
  });
  return assemble(module, parts);
}
