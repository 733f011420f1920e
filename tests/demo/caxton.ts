import { once } from "node:events";
import type { Stage } from "./stage.ts";

export interface CliResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The real command line, with the addresses of this demo in its environment. */
export class Caxton {
  readonly #stage: Stage;
  readonly #env: Readonly<Record<string, string>>;

  constructor(stage: Stage, env: Readonly<Record<string, string>>) {
    this.#stage = stage;
    this.#env = env;
  }

  async run(...args: readonly string[]): Promise<CliResult> {
    const child = this.#stage.start(args, this.#env);
    const texts = { stdout: "", stderr: "" };
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (texts.stdout += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (texts.stderr += text));
    await once(child, "close");
    return { exitCode: child.exitCode ?? -1, ...texts };
  }

  /** @throws Error with what it wrote, unless it ends with exit code 0 */
  async must(...args: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.run(...args);
    if (exitCode === 0) return stdout;
    throw new Error(`caxton ${args.join(" ")} ended with exit code ${exitCode}:\n${stderr}${stdout}`);
  }

  /** The last line of what it prints with `--json`. */
  async json(...args: readonly string[]): Promise<unknown> {
    return lastJson(await this.must(...args, "--json"));
  }
}

export function lastJson(text: string): unknown {
  return JSON.parse(text.trimEnd().split("\n").at(-1) ?? "null");
}
