import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { buildProgram } from "./program.ts";

const ofCanaries = ["lint", "promote", "pause", "resume", "approve", "abort", "rollback", "explain", "history"];
const shortest = ["up", "list", "get", "events", "replay", "send", "outputs", "ledger", "windows", ...ofCanaries];

/** What `--help` prints for the command that these words name. */
async function helpOf(words: readonly string[]): Promise<string> {
  let command: Command = await buildProgram(words, "1.2.3");
  for (const word of words) command = command.commands.find((child) => child.name() === word) ?? command;
  let shown = "";
  command.configureOutput({ writeOut: (text) => (shown += text) }).outputHelp();
  return shown;
}

describe("help", () => {
  it.each([...shortest, "agent build", "agent inspect", "deploy agent", "api openapi", "api asyncapi"])(
    "of %s has examples of it",
    async (command) => {
      const help = await helpOf(command.split(" "));
      expect(help).toMatch(new RegExp(`^Usage: caxton ${command} `));
      expect(help).toMatch(new RegExp(`Examples:\\n {2}\\$ (.*\\| )?caxton ${command}`));
      expect(help).toContain("--json");
    },
  );

  it("of the whole names every command with its description", async () => {
    const help = await helpOf([]);
    for (const name of [...shortest, "agent", "deploy", "api"])
      expect(help).toMatch(new RegExp(`^ {2}${name} +[a-z]`, "m"));
  });

  it("of a command says the same as the list of all", async () => {
    const program = await buildProgram([], "1.2.3");
    for (const name of shortest) {
      const listed = program.commands.find((command) => command.name() === name)?.description() ?? "nothing";
      const own = await helpOf([name]);
      expect(own.replaceAll(/\s+/g, " ")).toContain(listed);
    }
  });
});
