/**
 * What an agent may import, all of it answered by sealed-imports: a clock, randomness, a log, and the WASI 0.2
 * interfaces that language runtimes import whether they use them or not. Those give nothing: no environment, no
 * arguments, no files, an end of input at once.
 */
export const grantedInterfaces: readonly string[] = [
  "caxton:agent/log",
  "caxton:agent/types",
  "wasi:cli/environment",
  "wasi:cli/exit",
  "wasi:cli/stderr",
  "wasi:cli/stdin",
  "wasi:cli/stdout",
  "wasi:cli/terminal-input",
  "wasi:cli/terminal-output",
  "wasi:cli/terminal-stderr",
  "wasi:cli/terminal-stdin",
  "wasi:cli/terminal-stdout",
  "wasi:clocks/monotonic-clock",
  "wasi:clocks/wall-clock",
  "wasi:filesystem/preopens",
  "wasi:filesystem/types",
  "wasi:io/error",
  "wasi:io/poll",
  "wasi:io/streams",
  "wasi:random/insecure",
  "wasi:random/insecure-seed",
  "wasi:random/random",
];

const granted = new Set(grantedInterfaces);
/** By package: the version line that the sealed implementation follows. */
const versionLine = { caxton: "0.1.", wasi: "0.2." } as const;

/** Whether an import, as `wasi:io/poll@0.2.12`, is one of those above in a version that is known. */
export function isGranted(importName: string): boolean {
  const [name = "", version = ""] = importName.split("@");
  if (!granted.has(name)) return false;
  return version.startsWith(name.startsWith("caxton:") ? versionLine.caxton : versionLine.wasi);
}
