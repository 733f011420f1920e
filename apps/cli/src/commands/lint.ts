import type { Command } from "commander";
import { command, type JsonOption, outputOf } from "../command.ts";
import { planLines } from "../format/plan.ts";
import { problemLines, problemValue } from "../format/problems.ts";
import { fileFailure, readDeploymentFile } from "../rollout-plan.ts";

export function lintCommand(): Command {
  return command("lint", "check deployment files without deploying, and say what they mean", [
    "caxton lint deployment.yaml",
    "caxton lint deploy/*.yaml --json",
  ])
    .argument("<file...>", "deployment files, YAML")
    .action(lint);
}

async function lint(files: readonly string[], options: JsonOption): Promise<void> {
  const output = outputOf(options);
  const read = await Promise.all(files.map(async (name) => ({ name, ...(await readDeploymentFile(name)) })));
  for (const { name, text, parsed } of read) {
    output.lines(...problemLines(name, text, parsed.problems, output.style));
    if (parsed.file !== undefined) output.lines(...planLines(name, parsed.file, output.style));
  }
  const wrong = read.filter(({ parsed }) => parsed.file === undefined);
  const results = read.map(({ name, parsed }) => ({
    ...problemValue({ name, problems: parsed.problems }),
    plan: parsed.file,
  }));
  if (wrong.length > 0)
    throw fileFailure(
      wrong.map(({ name, parsed }) => ({ name, problems: parsed.problems })),
      results,
    );
  output.value({ files: results });
}
