import type { Command } from "commander";
import { command, type JsonOption, outputOf } from "../command.ts";
import { inspectionLines } from "../format/inspection.ts";
import { runToolchain } from "../toolchain.ts";

export function agentInspectCommand(): Command {
  return command("inspect", "say what a component is and whether it can be an agent, without running it", [
    "caxton agent inspect quake-watch.wasm",
    "caxton agent inspect quake-watch.wasm --json",
  ])
    .argument("<file>", "the component, a .wasm file")
    .action(inspect);
}

async function inspect(file: string, options: JsonOption): Promise<void> {
  const output = outputOf(options);
  const inspection = await runToolchain("inspect-main.ts", [file]);
  output.lines(...inspectionLines(inspection));
  output.value(inspection);
}
