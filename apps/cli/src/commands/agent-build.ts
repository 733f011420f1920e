import { extname } from "node:path";
import { CaxtonError } from "@caxton/contracts/errors";
import type { Command } from "commander";
import { command, type JsonOption, outputOf } from "../command.ts";
import { bytes, seconds } from "../format/quantity.ts";
import { Spinner } from "../spinner.ts";
import { runToolchain } from "../toolchain.ts";

interface BuildOptions extends JsonOption {
  readonly out?: string;
}

export function agentBuildCommand(): Command {
  return command("build", "make a component of JavaScript, with QuickJS inside", [
    "caxton agent build examples/quake-watch/v1.js -o quake-watch.wasm",
    "caxton agent build agent.js",
  ])
    .argument("<source>", "an ES module that exports describe and handle")
    .option("-o, --out <file>", "the component; the source's name with .wasm unless given")
    .action(build);
}

async function build(source: string, options: BuildOptions): Promise<void> {
  const output = outputOf(options);
  const out = options.out ?? `${source.slice(0, source.length - extname(source).length)}.wasm`;
  if (out === source)
    throw new CaxtonError("invalid-argument", `${source} would be overwritten; give another file with -o`);
  const startedMs = performance.now();
  using spinner = new Spinner(output, "Building");
  const { bytes: sizeBytes } = await runToolchain("build-main.ts", [source, out]);
  const tookMs = performance.now() - startedMs;
  spinner.above(
    `${output.style.good("✓")} Built ${out} (${bytes(Number(sizeBytes))}, ${seconds(tookMs)})`,
    `→ Deploy it: caxton deploy agent ${out}`,
  );
  output.value({ source, out, sizeBytes: Number(sizeBytes), durationMs: Math.round(tookMs) });
}
