import { bytes } from "./quantity.ts";
import { fields } from "./table.ts";

/** What `inspect-main.ts` of libs/wasm-agent found. */
export function inspectionLines(inspection: Readonly<Record<string, unknown>>): readonly string[] {
  const { file, digest, world, sizeBytes, imports, exports, memories, memoryInitialBytes } = inspection;
  return [
    ...fields([
      ["File", String(file)],
      ["Digest", `sha256:${String(digest)}`],
      ["World", `caxton:agent/${String(world)}`],
      ["Size", bytes(Number(sizeBytes))],
      [
        "Memory at start",
        `${bytes(Number(memoryInitialBytes))} (${Array.isArray(memories) ? memories.length : 0} memories)`,
      ],
    ]),
    ...list("Imports, all of them granted and sealed", imports),
    ...list("Exports", exports),
  ];
}

function list(title: string, names: unknown): readonly string[] {
  return Array.isArray(names) && names.length > 0 ? [title, ...names.map((name) => `  ${String(name)}`)] : [];
}
