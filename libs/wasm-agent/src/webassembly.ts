/** The part of the WebAssembly JavaScript interface that we use; neither TypeScript's es library nor @types/node has it. */
declare global {
  namespace WebAssembly {
    interface Module {
      /** Only there to tell modules from other objects. */
      readonly [Symbol.toStringTag]: "WebAssembly.Module";
    }
    type Imports = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    function compile(bytes: Uint8Array): Promise<Module>;
    class Instance {
      constructor(module: Module, imports: Imports);
      readonly exports: Readonly<Record<string, unknown>>;
    }
    class Memory {
      readonly buffer: ArrayBuffer;
    }
  }
}

/** A compiled module; threads can pass it on. */
export type CompiledModule = WebAssembly.Module;
