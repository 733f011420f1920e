import { binaryKind, sections } from "./wasm-binary.ts";

/** Section ids of a component: https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md */
const coreModuleSection = 1;
const componentSection = 4;
const deepest = 16;

/**
 * The core modules inside a component, also those of components nested in it.
 * @throws RangeError on malformed bytes or deeper nesting than any toolchain makes
 */
export function* coreModules(component: Uint8Array, depth = 0): Generator<Uint8Array> {
  if (depth > deepest) throw new RangeError(`components nested more than ${deepest} deep`);
  for (const section of sections(component)) {
    if (section.id === coreModuleSection) yield section.content;
    else if (section.id === componentSection && binaryKind(section.content) === "component") {
      yield* coreModules(section.content, depth + 1);
    }
  }
}
