import { DeploymentSchema } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import type { Command } from "commander";
import { gatewayCommand, type JsonOption, outputOf } from "../command.ts";
import { commandContext, type GatewayOption, openGateway } from "../context.ts";
import { followDeployment } from "../follow-deployment.ts";
import { alreadyLine, alreadyValue } from "../format/already.ts";
import { rollbackLines } from "../format/rollback.ts";
import type { Gateway } from "../gateway-client.ts";
import { CtrlC, Interrupted } from "../interrupt.ts";
import type { Output } from "../output.ts";
import { soBefore } from "../so-before.ts";
import { Spinner } from "../spinner.ts";
import { wireJson } from "../wire-json.ts";

interface TakeBackOptions extends JsonOption, GatewayOption {
  readonly reason?: string;
  readonly detach?: boolean;
}

export function abortCommand(): Command {
  return takeBackCommand("abort", "take a deployment back before it runs, or end a shadow", [
    "caxton abort 0198c0de",
    'caxton abort 0198c0de --reason "wrong file"',
  ]);
}

export function rollbackCommand(): Command {
  return takeBackCommand("rollback", "take a version out of the traffic and bring the previous one back", [
    "caxton rollback proc-v2-7f8d9",
    'caxton rollback 0198c0de --reason "alerts without a place"',
    "caxton rollback proc-v2-7f8d9 --json     # with the account of its messages",
  ]).addHelpText(
    "after",
    "\nOne that runs can be taken back as long as the version before it is kept warm (cleanup, 5 minutes unless its\ndeployment file says otherwise). `caxton explain` shows afterwards what became of the messages.",
  );
}

function takeBackCommand(verb: "abort" | "rollback", description: string, examples: readonly string[]): Command {
  return gatewayCommand(verb, description, examples)
    .argument("<deployment|version>", "an id, or an unambiguous abbreviation of it")
    .option("--reason <text>", "why; stays in the history")
    .option("--detach", "come back once it was accepted, without waiting for the end")
    .action(async (id: string, options: TakeBackOptions) => takeBack(verb, id, options));
}

async function takeBack(verb: "abort" | "rollback", typed: string, options: TakeBackOptions): Promise<void> {
  const output = outputOf(options);
  const gateway = await openGateway(options);
  using ctrlC = new CtrlC();
  const context = commandContext(options.reason);
  const decided = await gateway.decide(verb, { deploymentId: typed, context });
  const { deploymentId: id, agent, state } = decided;
  const before = await soBefore(gateway, { agent, id, verb, commandId: context.commandId });
  const already = before === undefined ? {} : { already: alreadyValue(before) };
  if (before !== undefined) output.lines(alreadyLine(verb, typed, agent, before));
  if (options.detach === true) {
    if (before === undefined)
      output.lines(`→ ${verb === "abort" ? "Abort" : "Rollback"} of ${id} (${agent}) accepted; it is ${state}`);
    output.lines(`→ See how it goes: caxton get -w ${typed}`);
    output.value({ id, agent, state, ...already });
    return;
  }
  // What is over was told to whoever took it back.
  if (before === undefined || state !== "RolledBack") await followBack(gateway, id, output, ctrlC.signal);
  const { deployment, ledger } = await gateway.explainDeployment(id);
  output.value({
    id,
    agent,
    state: deployment?.state ?? "RolledBack",
    ...(deployment === undefined ? {} : { deployment: wireJson(DeploymentSchema, deployment) }),
    ...(ledger === undefined ? {} : { ledger }),
    ...already,
  });
}

/** The ADR's lines as they become true, until it is rolled back. @throws Interrupted where `signal` aborts first */
async function followBack(gateway: Gateway, id: string, output: Output, signal: AbortSignal): Promise<void> {
  using spinner = new Spinner(output, "Rolling back");
  let told = 0;
  const onBroken = () => spinner.above("→ The connection to the gateway broke; trying again");
  for await (const { deployment } of followDeployment(gateway, id, { signal, onBroken })) {
    if (deployment === undefined) continue;
    const lines = rollbackLines(deployment, output.style);
    spinner.above(...lines.slice(told));
    told = Math.max(told, lines.length);
    if (deployment.state === "Retired" && deployment.shadow !== undefined) {
      spinner.above(
        `${output.style.good("✓")} Shadow stopped`,
        `→ What it found: caxton shadow report ${deployment.version}`,
      );
      return;
    }
    if (deployment.state !== "RolledBack") continue;
    if (lines.length === 0) spinner.above(`${output.style.good("✓")} Taken out: nothing of it had started`);
    return;
  }
  throw new Interrupted(`it goes on without you; see how with: caxton get -w ${id}`);
}
