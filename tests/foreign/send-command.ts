import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const commandPy = fileURLToPath(new URL("../../examples/clients/command.py", import.meta.url));

/** What examples/clients/command.py printed. */
export interface Sent {
  readonly exitCode: number;
  /** The server's word that it is stored. */
  readonly stored: unknown;
  readonly answer: unknown;
  readonly events: readonly string[];
  readonly errors: string;
}

export async function sendCommand(...words: readonly string[]): Promise<Sent> {
  const ended = await run("python3", [commandPy, ...words]).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
  const lines = ended.stdout.split("\n");
  const json = (name: string): unknown =>
    JSON.parse(lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? "null");
  const events = lines.flatMap((line) => /caxton\.deployment\.(\w+)\.v\d/.exec(line)?.[1] ?? []);
  return { exitCode: ended.code, stored: json("stored"), answer: json("answer"), events, errors: ended.stderr };
}
