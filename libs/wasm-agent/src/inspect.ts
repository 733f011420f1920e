import { CaxtonError } from "@caxton/contracts/errors";
import { missingFrom, parseWorld, type WorldName } from "./component-world.ts";
import { type ComponentFacts, rememberedFacts, rememberFacts } from "./facts-cache.ts";
import { grantedInterfaces, isGranted } from "./grants.ts";
import type { MemoryLimits } from "./memory-limits.ts";
import { runTool } from "./toolchain.ts";
import { binaryKind } from "./wasm-binary.ts";

export interface InspectOptions {
  readonly maxBytes: number;
  readonly memoryMaxBytes: number;
  readonly timeoutMs?: number;
  /** Where what was read is kept by digest (sha256 of the bytes, in hex), so that it is read once. */
  readonly cache?: { readonly cacheDir: string; readonly digest: string };
}

export interface Inspection {
  readonly kind: "component";
  readonly world: WorldName;
  readonly sizeBytes: number;
  readonly imports: readonly string[];
  readonly exports: readonly string[];
  readonly memories: readonly MemoryLimits[];
  /** All memories' minimum together. */
  readonly memoryInitialBytes: number;
}

/** A language runtime has one or two; each is held to the memory limit, so their number must be bounded too. */
const maxMemories = 4;
/** What reading a component may take: the tools themselves, and a multiple of the file. */
const toolResidentBytes = 768 * 1024 * 1024;

async function readComponent(bytes: Uint8Array, options: InspectOptions): Promise<ComponentFacts> {
  requireComponent(bytes, options.maxBytes);
  const { cache } = options;
  const remembered = cache && (await rememberedFacts(cache.cacheDir, cache.digest));
  if (remembered !== undefined) return remembered;
  const findings = await runTool(
    { tool: "inspect", bytes },
    { timeoutMs: options.timeoutMs ?? 10_000, maxResidentBytes: toolResidentBytes + bytes.length * 8 },
  );
  if (findings === undefined)
    throw new CaxtonError("internal", "the toolchain answered an inspection without findings");
  const facts = { ...findings, sizeBytes: bytes.length };
  if (cache !== undefined) await rememberFacts(cache.cacheDir, cache.digest, facts);
  return facts;
}

/** @throws CaxtonError `wrong-world`, `import-not-granted`, `memory-over-limit` */
function judgeComponent(facts: ComponentFacts, memoryMaxBytes: number): Inspection {
  const world = parseWorld(facts.wit);
  const problems = missingFrom(world, "agent");
  if (problems.length > 0 && missingFrom(world, "stateful-agent").length === 0) {
    throw new CaxtonError(
      "wrong-world",
      "the component is a caxton:agent/stateful-agent, which this release cannot run yet",
    );
  }
  if (problems.length > 0) {
    throw new CaxtonError("wrong-world", `the component is no caxton:agent/agent@0.1.0: it ${problems.join(", and ")}`);
  }
  requireGranted(world.imports);
  return {
    kind: "component",
    world: "agent",
    sizeBytes: facts.sizeBytes,
    imports: world.imports,
    exports: [...world.exports.keys()],
    memories: facts.memories,
    memoryInitialBytes: requireMemory(facts.memories, memoryMaxBytes),
  };
}

/**
 * What a file is and whether it can be an agent, found out without running any of it. The heavy part happens in a
 * process of its own.
 * @throws CaxtonError `artifact-too-large`, `artifact-empty`, `not-wasm`, `core-module`, `malformed-component`,
 * `wrong-world`, `import-not-granted`, `memory-over-limit`, `validation-timeout`
 */
export async function inspectComponent(bytes: Uint8Array, options: InspectOptions): Promise<Inspection> {
  return judgeComponent(await readComponent(bytes, options), options.memoryMaxBytes);
}

function requireComponent(bytes: Uint8Array, maxBytes: number): void {
  if (bytes.length > maxBytes) {
    throw new CaxtonError(
      "artifact-too-large",
      `the file has ${bytes.length} bytes, the largest accepted is ${maxBytes}`,
    );
  }
  switch (binaryKind(bytes)) {
    case "empty":
      throw new CaxtonError("artifact-empty", "the file is empty");
    case "not-wasm":
      throw new CaxtonError(
        "not-wasm",
        `the file is not WebAssembly: it begins with ${preview(bytes)}, not with '\\0asm'`,
      );
    case "core-module":
      throw new CaxtonError(
        "core-module",
        "the file is a core module, an agent is a component: make one of it with `jco new` or `wasm-tools component new`",
      );
    case "component":
  }
}

function preview(bytes: Uint8Array): string {
  const start = bytes.subarray(0, 16);
  const printable = start.every((byte) => (byte >= 32 && byte < 127) || byte === 10 || byte === 13 || byte === 9);
  return printable
    ? `the text ${JSON.stringify(Buffer.from(start).toString())}`
    : `the bytes ${Buffer.from(start).toString("hex")}`;
}

function requireGranted(imports: readonly string[]): void {
  const refused = imports.filter((name) => !isGranted(name));
  if (refused.length === 0) return;
  throw new CaxtonError(
    "import-not-granted",
    `the component imports ${refused.join(", ")}; granted are ${grantedInterfaces.join(", ")} (wasi in 0.2)`,
  );
}

function requireMemory(memories: readonly MemoryLimits[], memoryMaxBytes: number): number {
  const initialBytes = memories.reduce((sum, memory) => sum + memory.minimumBytes, 0);
  if (initialBytes > memoryMaxBytes) {
    throw new CaxtonError(
      "memory-over-limit",
      `the component starts with ${initialBytes} bytes of memory, its limit is ${memoryMaxBytes}`,
    );
  }
  if (memories.length > maxMemories) {
    throw new CaxtonError(
      "memory-over-limit",
      `the component has ${memories.length} memories, the most accepted is ${maxMemories}`,
    );
  }
  return initialBytes;
}
