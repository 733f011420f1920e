import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { root } from "./source-tree.ts";

export interface PlantedCheckout {
  readonly path: string;
  write(file: string, text: string): void;
  /** puts the pinned Node where an install would have put it */
  installRuntime(): void;
  remove(): void;
}

/** A folder with this tree's start scripts and the file `caxton`, and nothing else: a checkout that can be made to fail. */
export function plantCheckout(): PlantedCheckout {
  const path = mkdtempSync(join(tmpdir(), "caxton-checkout-"));
  for (const part of ["scripts", "apps/cli/bin", "package.json"]) {
    cpSync(join(root, part), join(path, part), { recursive: true });
  }
  for (const folder of ["libs", "services"]) mkdirSync(join(path, folder));
  return {
    path,
    write(file, text) {
      mkdirSync(dirname(join(path, file)), { recursive: true });
      writeFileSync(join(path, file), text);
    },
    installRuntime() {
      mkdirSync(join(path, "node_modules/.bin"), { recursive: true });
      symlinkSync(process.execPath, join(path, "node_modules/.bin/node"));
    },
    remove() {
      rmSync(path, { recursive: true, force: true });
    },
  };
}
