import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { isLogLevel, logLevels } from "@caxton/contracts/agent-log";
import { CaxtonError } from "@caxton/contracts/errors";
import type { Command } from "commander";
import { gatewayCommand, type JsonOption, outputOf, wholeNumber } from "../command.ts";
import { type GatewayOption, openGateway } from "../context.ts";
import { followFrom } from "../follow-from.ts";
import { parseDurationMs } from "../format/quantity.ts";
import { logLine, logValue } from "../format/log-entry.ts";
import { CtrlC, Interrupted } from "../interrupt.ts";

interface LogsOptions extends JsonOption, GatewayOption {
  readonly follow?: boolean;
  readonly version?: string;
  readonly since?: number;
  readonly level?: string;
  readonly message?: string;
  readonly lines: number;
}

export function logsCommand(): Command {
  return gatewayCommand("logs", "print what an agent logs, with the message it was handling", [
    "caxton logs quake-watch --follow",
    "caxton logs quake-watch --since 10m --level warn",
    "caxton logs quake-watch --version quake-v2 --message us7000abcd --json",
  ])
    .argument("<agent>", "its name, or the beginning of it")
    .option("-f, --follow", "go on with what is logged later, until Ctrl-C")
    .option("--version <id>", "of this version only; the beginning of its id will do")
    .option("--since <time>", "at most so long ago, such as 30s, 10m or 2h", parseDurationMs)
    .option("--level <level>", `at least so grave: ${logLevels.join(", ")}`, level)
    .option("--message <id>", "logged while this message was handled")
    .option(
      "-n, --lines <n>",
      "at most so many of the stored lines, the newest",
      wholeNumber("--lines", 0, 100_000),
      100,
    )
    .action(logs);
}

async function logs(agent: string, options: LogsOptions): Promise<void> {
  const output = outputOf(options);
  const gateway = await openGateway(options);
  const { name } = await gateway.getAgent(agent);
  using ctrlC = new CtrlC();
  const signal = AbortSignal.any([ctrlC.signal, output.closed]);
  const request = {
    agent: name,
    version: options.version ?? "",
    level: options.level ?? "",
    messageId: options.message ?? "",
    limit: options.lines,
    ...(options.since === undefined ? {} : { since: timestampFromMs(Date.now() - options.since) }),
  };
  const entries =
    options.follow === true
      ? followFrom((after) => gateway.readLogs({ ...request, ...after, follow: true }, signal), signal)
      : gateway.readLogs(request, signal);
  let count = 0;
  try {
    for await (const entry of entries) {
      count += 1;
      output.lines(logLine(entry, output.style));
      output.value(logValue(entry));
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  if (count === 0 && !signal.aborted && !output.json)
    output.note(`${name} has logged nothing that fits; agents log through caxton:agent/log, 7 days are kept`);
  if (ctrlC.signal.aborted) throw new Interrupted();
}

/** @throws CaxtonError `invalid-argument` */
function level(text: string): string {
  if (isLogLevel(text)) return text;
  throw new CaxtonError("invalid-argument", `--level is one of ${logLevels.join(", ")}, not '${text}'`);
}
