import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { CaxtonError } from "@caxton/contracts/errors";
import type { AgentLog } from "./agent-log.ts";
import { type TextBudget, textBudget } from "./bounded-text.ts";
import { hasErrorCode } from "./node-error.ts";
import { sealedImports } from "./sealed-imports.ts";
import type { CompiledModule } from "./webassembly.ts";

/** The records of wit/caxton-agent.wit as jco passes them. */
export interface WitMessage {
  readonly id: string;
  readonly kind: string;
  readonly conversation: string | undefined;
  readonly body: string;
}

export interface WitOutput {
  readonly to?: string | undefined;
  readonly kind: string;
  readonly body: string;
}

export interface WitFailure {
  readonly reason: string;
  readonly retry: boolean;
}

export type HandleResult =
  | { readonly ok: true; readonly outputs: readonly WitOutput[] }
  | { readonly ok: false; readonly failure: WitFailure };

export interface AgentInstance {
  describe(): string;
  /** @throws whatever the component trapped with; the instance must not be used again then */
  handle(message: WitMessage, configuration: string): HandleResult;
  /** All linear memories as they are now. */
  memoryBytes(): number;
}

export type CoreModules = ReadonlyMap<string, CompiledModule>;

interface Exports {
  readonly describe: () => string;
  readonly handle: (message: WitMessage, configuration: string) => WitOutput[];
}

type Instantiate = (
  getCoreModule: (name: string) => WebAssembly.Module,
  imports: Readonly<Record<string, unknown>>,
  instantiateCore: (module: WebAssembly.Module, imports: WebAssembly.Imports) => WebAssembly.Instance,
) => Exports;

interface Transpiled {
  readonly instantiate: Instantiate;
  /** Put there when it was prepared. */
  readonly useTextDecoder: (decoder: typeof TextDecoder) => void;
}

/** Outputs and log lines of one message together; far above what is accepted of either. */
const textMaxBytes = 16 * 1024 * 1024;

/**
 * Compiles the core modules of a prepared component off the event loop.
 * @throws CaxtonError `start-failed`
 */
export async function compileModules(preparedDir: string): Promise<CoreModules> {
  try {
    const names = (await readdir(preparedDir)).filter((name) => name.endsWith(".wasm"));
    const compiled = names.map(async (name): Promise<[string, CompiledModule]> => {
      const bytes = await readFile(join(preparedDir, name));
      return [name, await WebAssembly.compile(Uint8Array.from(bytes))];
    });
    return new Map(await Promise.all(compiled));
  } catch (error) {
    const missing = hasErrorCode(error, "ENOENT");
    const what = missing ? `nothing is prepared in ${preparedDir}` : `the component does not compile: ${String(error)}`;
    throw new CaxtonError("start-failed", what, { cause: error });
  }
}

/** Loads the transpiled component; the function returned makes an instance from compiled modules in about 1.5 ms. */
export async function loadComponent(
  preparedDir: string,
  modules: CoreModules,
): Promise<(log: AgentLog) => AgentInstance> {
  const loaded: unknown = await import(pathToFileURL(join(preparedDir, "agent.js")).href);
  if (!isTranspiled(loaded)) throw new CaxtonError("start-failed", `${preparedDir} holds no transpiled component`);
  const budget = textBudget(textMaxBytes);
  loaded.useTextDecoder(budget.Decoder);
  return (log) => instantiate(loaded.instantiate, modules, log, budget);
}

function isTranspiled(loaded: unknown): loaded is Transpiled {
  return (
    typeof loaded === "object" && loaded !== null && "instantiate" in loaded && typeof loaded.instantiate === "function"
  );
}

function instantiate(generated: Instantiate, modules: CoreModules, log: AgentLog, budget: TextBudget): AgentInstance {
  const memories = new Set<WebAssembly.Memory>();
  function getCoreModule(name: string): WebAssembly.Module {
    const module = modules.get(name);
    if (module === undefined) throw new CaxtonError("start-failed", `the prepared component has no ${name}`);
    return module;
  }
  function instantiateCore(module: WebAssembly.Module, imports: WebAssembly.Imports): WebAssembly.Instance {
    const instance = new WebAssembly.Instance(module, imports);
    for (const item of Object.values(instance.exports)) if (item instanceof WebAssembly.Memory) memories.add(item);
    return instance;
  }
  const exports = generated(getCoreModule, sealedImports(log), instantiateCore);
  return {
    describe() {
      budget.renew();
      return exports.describe();
    },
    handle(message, configuration) {
      budget.renew();
      try {
        return { ok: true, outputs: exports.handle(message, configuration) };
      } catch (error) {
        const failure = witFailure(error);
        if (failure === undefined) throw error;
        return { ok: false, failure };
      }
    },
    memoryBytes: () => [...memories].reduce((sum, memory) => sum + memory.buffer.byteLength, 0),
  };
}

/** jco throws the error side of a WIT result as a ComponentError with a payload; everything else is a trap. */
function witFailure(error: unknown): WitFailure | undefined {
  if (!(error instanceof Error) || error.constructor.name !== "ComponentError" || !("payload" in error))
    return undefined;
  const { payload } = error;
  if (typeof payload !== "object" || payload === null || !("reason" in payload) || !("retry" in payload))
    return undefined;
  return { reason: String(payload.reason), retry: payload.retry === true };
}
