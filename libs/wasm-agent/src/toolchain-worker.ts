import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parentPort } from "node:worker_threads";
import { componentEmbed, componentNew, componentWit, parse, transpile } from "@bytecodealliance/jco";
import { coreModules } from "./core-modules.ts";
import { capMemories, declaredMemories } from "./memory-limits.ts";
import type { InspectFindings, ToolAnswer, ToolJob, ToolRequest } from "./toolchain-protocol.ts";

async function inspect(bytes: Uint8Array): Promise<InspectFindings> {
  const wit = await componentWit(bytes);
  return { wit, memories: [...coreModules(bytes)].flatMap(declaredMemories) };
}

/** The first: instantiate.ts gives compiled modules and sealed imports; there is no await in it. */
const transpileOptions = {
  name: "agent",
  instantiation: "sync" as const,
  nodejsCompat: false,
  // Read by jco, missing in its types.
  emitTypescriptDeclarations: false,
};

/** In front of the transpiled file: lets instantiate.ts bound the text that leaves the component. */
const textDecoderSeam = Buffer.from(
  "let TextDecoder = globalThis.TextDecoder; export function useTextDecoder(decoder) { TextDecoder = decoder; }\n",
);

/** Writes the transpiled component into `folder`, ready for instantiate.ts, every memory limited. */
async function prepare(job: ToolJob & { readonly tool: "prepare" }): Promise<void> {
  const { files } = await transpile(job.bytes, transpileOptions);
  await mkdir(job.folder, { recursive: true });
  await Promise.all(
    Object.entries(files).map(([name, content]) => {
      const isModule = name.endsWith(".wasm");
      return writeFile(
        join(job.folder, name),
        isModule ? capMemories(content, job.memoryMaxBytes) : Buffer.concat([textDecoderSeam, content]),
      );
    }),
  );
  // Without it Node would read the transpiled file as CommonJS.
  await writeFile(join(job.folder, "package.json"), '{"type":"module"}\n');
}

/** Both tools on the least that has the shape of an agent: most of what they need is compiled then. */
async function warmUp(): Promise<void> {
  const binary = await parse(`(module (memory (export "memory") 1)
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 0)
    (func (export "handle") (param i32 i32) (result i32) i32.const 0))`);
  const witSource = `package warm:up; world agent { record output { to: option<string>, body: string }
    export handle: func(message: string) -> result<list<output>, string>; }`;
  const component = await componentNew(await componentEmbed({ binary, witSource, world: "agent" }), []);
  await inspect(component);
  await transpile(component, transpileOptions);
}

async function run(request: ToolRequest): Promise<ToolAnswer> {
  const { job } = request;
  try {
    if (job.tool === "inspect") return { ok: true, findings: await inspect(job.bytes) };
    if (job.tool === "warm-up") await warmUp();
    else await prepare(job);
    return { ok: true };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.on("message", (request: ToolRequest) => {
  void run(request).then((answer) => parentPort?.postMessage(answer));
});
