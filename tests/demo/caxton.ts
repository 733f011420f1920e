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

  run(...args: readonly string[]): Promise<CliResult> {
    return this.#run(args, () => undefined);
  }

  /** Each line as it is printed. @throws Error with what it wrote, unless it ends with exit code 0 */
  async tell(onLine: (line: string) => void, ...args: readonly string[]): Promise<void> {
    let begun = "";
    const result = await this.#run(args, (text) => {
      const lines = `${begun}${text}`.split("\n");
      begun = lines.pop() ?? "";
      for (const line of lines) onLine(line);
    });
    succeeded(args, result);
  }

  async #run(args: readonly string[], onText: (text: string) => void): Promise<CliResult> {
    const child = this.#stage.start(args, this.#env);
    const texts = { stdout: "", stderr: "" };
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      texts.stdout += text;
      onText(text);
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (texts.stderr += text));
    await once(child, "close");
    return { exitCode: child.exitCode ?? -1, ...texts };
  }

  /** @throws Error with what it wrote, unless it ends with exit code 0 */
  async must(...args: readonly string[]): Promise<string> {
    return succeeded(args, await this.run(...args));
  }

  /** The last line of what it prints with `--json`. */
  async json(...args: readonly string[]): Promise<unknown> {
    return lastJson(await this.must(...args, "--json"));
  }
}

function succeeded(args: readonly string[], { exitCode, stdout, stderr }: CliResult): string {
  if (exitCode === 0) return stdout;
  throw new Error(`caxton ${args.join(" ")} ended with exit code ${exitCode}:\n${stderr}${stdout}`);
}

export function lastJson(text: string): unknown {
  return JSON.parse(text.trimEnd().split("\n").at(-1) ?? "null");
}
