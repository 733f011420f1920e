import { setTimeout as delay } from "node:timers/promises";
import { CaxtonError } from "@caxton/contracts/errors";
import { type SystemStatus, systemStatus } from "@caxton/contracts/system-status";
import type { Command } from "commander";
import { gatewayCommand, type JsonOption, outputOf } from "../command.ts";
import { type GatewayOption, openGateway } from "../context.ts";
import { CommandFailure } from "../failure.ts";
import { troubleText } from "../format/finding.ts";
import { statusLines } from "../format/status.ts";
import type { Gateway } from "../gateway-client.ts";
import { CtrlC, Interrupted } from "../interrupt.ts";
import type { Output } from "../output.ts";
import { isPassing } from "../patience.ts";

interface StatusOptions extends JsonOption, GatewayOption {
  readonly watch?: boolean;
  readonly check?: boolean;
}

const watchEveryMs = 2_000;
const clearScreen = "\u001B[2J\u001B[H";

export function statusCommand(): Command {
  return gatewayCommand(
    "status",
    "show services, agents, queues and rates, and what is wrong with what to do about it",
    [
      "caxton status",
      "caxton status --watch",
      "caxton status --check --json | jq '.findings[]'     # exit code 6 where there is a problem",
    ],
  )
    .option("-w, --watch", "show it again every 2 s, until Ctrl-C")
    .option("--check", "exit with 6 where there is a problem; a warning is none")
    .action(status);
}

async function status(options: StatusOptions): Promise<void> {
  const output = outputOf(options);
  const gateway = await openGateway(options);
  if (options.watch === true) {
    await watch(gateway, output);
    return;
  }
  const now = await read(gateway);
  output.lines(...statusLines(now, output.style));
  const problems = now.findings.filter(({ result }) => result === "problem");
  if (options.check === true && problems.length > 0) {
    const error = new CaxtonError("unhealthy", `${troubleText(problems) ?? ""} found`);
    throw new CommandFailure(error, now);
  }
  output.value(now);
}

async function watch(gateway: Gateway, output: Output): Promise<void> {
  using ctrlC = new CtrlC();
  const signal = AbortSignal.any([ctrlC.signal, output.closed]);
  // One that was never there is no reason to wait for it.
  let lines = await show(gateway, output);
  while (!signal.aborted) {
    output.lines(...(output.live ? [clearScreen + (lines[0] ?? ""), ...lines.slice(1)] : [...lines, ""]));
    await delay(watchEveryMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    try {
      lines = await show(gateway, output);
    } catch (error) {
      if (!isPassing(error)) throw error;
      lines = [`✗ ${error.message}`];
    }
  }
  if (ctrlC.signal.aborted) throw new Interrupted();
}

async function show(gateway: Gateway, output: Output): Promise<readonly string[]> {
  const now = await read(gateway);
  output.value(now);
  return statusLines(now, output.style);
}

async function read(gateway: Gateway): Promise<SystemStatus> {
  return systemStatus.check((await gateway.getStatus()).status);
}
