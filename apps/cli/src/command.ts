import { CaxtonError } from "@caxton/contracts/errors";
import { Command } from "commander";
import { openOutput, type Output } from "./output.ts";

/** Every command prints for people unless `--json` is given. */
export interface JsonOption {
  readonly json?: boolean;
}

/** A command that throws instead of ending the process, and leaves it to main.ts to say what was wrong. */
export function quietCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .helpCommand(false)
    .helpOption("-h, --help", "show this");
}

export function command(name: string, description: string, examples: readonly string[]): Command {
  return quietCommand(name, description)
    .option("--json", "print JSON for programs: one object, or one a line where it goes on")
    .addHelpText("after", ["", "Examples:", ...examples.map((example) => `  $ ${example}`)].join("\n"));
}

export function gatewayCommand(name: string, description: string, examples: readonly string[]): Command {
  return command(name, description, examples).option(
    "--gateway <url>",
    "where the gateway is; CAXTON_GATEWAY, the nearest .caxton/data/caxton.json or http://127.0.0.1:7420 unless given",
  );
}

export function outputOf({ json }: JsonOption): Output {
  return openOutput(json === true);
}

/** For options that take a whole number. @throws CaxtonError `invalid-argument` naming the option and its bounds */
export function wholeNumber(option: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new CaxtonError("invalid-argument", `${option} is a whole number from ${min} to ${max}, not '${text}'`);
  };
}
