import type { start } from "./main.ts";

export const stop = (again?: typeof start): void => again?.();
