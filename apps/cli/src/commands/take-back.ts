import type { Command } from "commander";
import { gatewayCommand, type JsonOption, outputOf } from "../command.ts";
import { commandContext, type GatewayOption, openGateway } from "../context.ts";

interface TakeBackOptions extends JsonOption, GatewayOption {
  readonly reason?: string;
}

export function abortCommand(): Command {
  return gatewayCommand("abort", "take a deployment back before it runs", [
    "caxton abort 0198c0de",
    'caxton abort 0198c0de --reason "wrong file"',
  ])
    .argument("<deployment>", "its id, or the beginning or end of it")
    .option("--reason <text>", "why; stays in the history")
    .action(async (id: string, options: TakeBackOptions) => takeBack("abort", id, options));
}

export function rollbackCommand(): Command {
  return gatewayCommand("rollback", "take a version out of the traffic and bring the previous one back", [
    "caxton rollback proc-v2-7f8d9",
    'caxton rollback 0198c0de --reason "alerts without a place"',
  ])
    .argument("<deployment|version>", "an id, or an unambiguous abbreviation of it")
    .option("--reason <text>", "why; stays in the history")
    .action(async (id: string, options: TakeBackOptions) => takeBack("rollback", id, options));
}

async function takeBack(verb: "abort" | "rollback", id: string, options: TakeBackOptions): Promise<void> {
  const output = outputOf(options);
  const gateway = await openGateway(options);
  const context = commandContext(options.reason);
  const { deploymentId, agent, state } = await gateway.decide(verb, { deploymentId: id, context });
  const what = verb === "abort" ? "Abort" : "Rollback";
  output.lines(
    `${output.style.good("✓")} ${what} of ${deploymentId} (${agent}) accepted; it is ${state}`,
    ...(state === "RolledBack" ? [] : [`→ See how it goes: caxton get ${deploymentId}`]),
  );
  output.value({ id: deploymentId, agent, state });
}
